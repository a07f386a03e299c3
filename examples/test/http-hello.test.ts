import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, type StreamSocket } from 'socketserver';
import { parseHead } from '../http-hello/request-head.ts';
import { RunningProgram } from './running-program.ts';

describe('the HTTP example', () => {
  let program: RunningProgram;
  let port: number;

  before(async () => {
    program = RunningProgram.example('http-hello.ts', ['127.0.0.1', 0]);
    const [, digits] = await program.stdout.waitFor(/HTTP server on 127\.0\.0\.1:(\d+)\n/);
    port = Number(digits);
  });
  after(() => program[Symbol.asyncDispose]());

  const connected = () => connect(['127.0.0.1', port]);

  /** Reads one answer, whose body is as long as its head says unless the request was HEAD. */
  const readAnswer = async (socket: StreamSocket, method = 'GET') => {
    const head = (await socket.readUntil('\r\n\r\n')).toString();
    assert.match(head, /^HTTP\/1\.1 \d{3} /);
    const length = Number(/^Content-Length: (\d+)\r$/m.exec(head)?.[1]);
    const body = method === 'HEAD' ? '' : (await socket.readExactly(length)).toString();
    return { status: Number(head.split(' ')[1]), head, length, body };
  };

  /** Sends bytes, and expects one answer and then the end of the connection. */
  const lastAnswerTo = async (bytes: string | Buffer) => {
    await using socket = await connected();
    await socket.sendall(bytes);
    const answer = await readAnswer(socket);
    assert.match(answer.head, /^Connection: close\r$/m);
    assert.equal((await socket.recv(1)).length, 0);
    return answer;
  };

  it('keeps a connection for further requests, and takes several at once', async () => {
    await using socket = await connected();
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await socket.sendall(get('/'));
    const first = await readAnswer(socket);
    assert.deepEqual([first.status, first.body], [200, 'hello, world\n']);
    assert.match(first.head, /^Connection: keep-alive\r$/m);
    await socket.sendall(get('/about?topic=all') + get('/nowhere'));
    assert.equal((await readAnswer(socket)).body, 'served by socketserver\n');
    assert.equal((await readAnswer(socket)).status, 404);
  });

  it('gives HEAD the length of a body and no body', async () => {
    await using socket = await connected();
    await socket.sendall(
      'HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    assert.equal((await readAnswer(socket, 'HEAD')).length, 13);
    assert.equal((await readAnswer(socket)).body, 'hello, world\n');
  });

  it('reads the body of a request, however it is cut', async () => {
    await using socket = await connected();
    socket.setNoDelay();
    const bytes = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nh\r\n\r\n';
    for (const byte of bytes) {
      await socket.sendall(byte);
      await new Promise(setImmediate);
    }
    assert.equal((await readAnswer(socket)).body, 'h\r\n\r\n');
  });

  it('closes where the client asks for it, and after HTTP/1.0', async () => {
    assert.equal((await lastAnswerTo('GET / HTTP/1.0\r\n\r\n')).body, 'hello, world\n');
    const asked = await lastAnswerTo('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    assert.equal(asked.status, 200);
  });

  it('answers garbage with 400 and closes', async () => {
    assert.equal((await lastAnswerTo('hello?\n')).status, 400);
    assert.equal((await lastAnswerTo(Buffer.from([22, 3, 1, 0, 5, 10]))).status, 400);
    assert.equal((await lastAnswerTo('GET / HTTP/1.1\r\n\r\n')).status, 400);
    assert.equal((await lastAnswerTo('GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n')).status, 400);
  });

  it('limits heads and bodies', async () => {
    const host = 'Host: localhost\r\n';
    assert.equal((await lastAnswerTo(`GET /${'x'.repeat(10_000)}`)).status, 431);
    assert.equal((await lastAnswerTo(`GET / HTTP/1.1\r\n${host.repeat(1_000)}`)).status, 431);
    const post = `POST /echo HTTP/1.1\r\n${host}`;
    assert.equal((await lastAnswerTo(`${post}Content-Length: 70000\r\n\r\n`)).status, 413);
    assert.equal((await lastAnswerTo(`${post}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).status, 501);
  });

  it('says nothing to clients that leave in the middle', async () => {
    for (const bytes of [
      '',
      'GET',
      'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe',
    ]) {
      await using socket = await connected();
      await socket.sendall(bytes);
      socket.shutdown('write');
      await socket.waitForEnd();
    }
    assert.equal(program.stderr.text, '');
  });
});

describe('the head of a request', () => {
  const parsed = (...fields: string[]) => parseHead(['GET / HTTP/1.1\r\n', 'Host: h\r\n', ...fields, '\r\n']);

  it('has fields whose names have no case and whose values may be padded', () => {
    assert.equal(parsed('content-LENGTH: \t7 \r\n')?.bodyBytes, 7);
    assert.equal(parsed('CONNECTION: Close\r\n')?.isKeptAlive, false);
  });

  it('is none with two lengths, a length that is no number, or a space before a colon', () => {
    assert.equal(parsed('Content-Length: 5\r\n', 'Content-Length: 6\r\n'), undefined);
    assert.equal(parsed('Content-Length: -5\r\n'), undefined);
    assert.equal(parsed('Content-Length : 5\r\n'), undefined);
    assert.equal(parsed(' folded\r\n'), undefined);
  });

  it('takes a target as a path or as a whole URL', () => {
    const path = (target: string) => parseHead([`GET ${target} HTTP/1.0\r\n`, '\r\n'])?.path;
    assert.equal(path('/about?x=1'), '/about');
    assert.equal(path('http://elsewhere/about'), '/about');
    assert.equal(path('http://:'), undefined);
  });
});

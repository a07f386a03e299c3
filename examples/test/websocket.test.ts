import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect } from 'socketserver';
import { RunningProgram } from './running-program.ts';

describe('the WebSocket example', () => {
  let program: RunningProgram;
  let port: number;

  before(async () => {
    program = RunningProgram.example('websocket.ts', ['127.0.0.1', 0]);
    const [, digits] = await program.stdout.waitFor(/lines and WebSocket on 127\.0\.0\.1:(\d+)\n/);
    port = Number(digits);
  });
  after(() => program[Symbol.asyncDispose]());

  const opened = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`); // Node's own, which is none of ws
    await once(socket, 'open');
    return socket;
  };

  const message = async (socket: WebSocket) => {
    const [event] = (await once(socket, 'message')) as [MessageEvent];
    return event.data as string;
  };

  it('carries what people type to browsers, and back', async () => {
    const browser = await opened();
    await using person = await connect(['127.0.0.1', port]);
    const heard = message(browser);
    await person.sendall('hi\n');
    assert.equal(await heard, 'hi');
    assert.equal((await person.readline()).toString(), 'hi\n');
    browser.send('hello, GET used to it');
    assert.equal((await person.readline()).toString(), 'hello, GET used to it\n');
    browser.close();
    await once(browser, 'close');
  });

  it('loses nothing of a request that comes byte by byte, and answers plain HTTP', async () => {
    await using client = await connect(['127.0.0.1', port]);
    for (const byte of 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n') {
      await client.sendall(byte);
      await new Promise(setImmediate);
    }
    assert.match((await client.readUntil('\r\n\r\n')).toString(), /^HTTP\/1\.1 426 /);
  });

  it('carries messages of every length that WebSocket has a form for', async () => {
    const [one, other] = [await opened(), await opened()];
    for (const length of [0, 125, 126, 65_535, 65_536]) {
      const heard = message(other);
      one.send('x'.repeat(length));
      assert.equal((await heard).length, length);
    }
    one.close();
    other.close();
    await Promise.all([once(one, 'close'), once(other, 'close')]);
  });

  it('ends its clients when it is told to end', async () => {
    await using ending = RunningProgram.example('websocket.ts', ['127.0.0.1', 0]);
    const [, digits] = await ending.stdout.waitFor(/WebSocket on 127\.0\.0\.1:(\d+)\n/);
    const socket = new WebSocket(`ws://127.0.0.1:${digits}`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    ending.kill('SIGTERM');
    await closed;
    assert.deepEqual(await ending.ended(), { code: 0, stdout: ending.stdout.text, stderr: '' });
  });
});

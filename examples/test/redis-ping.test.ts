import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { connect, type StreamSocket } from 'socketserver';
import { readCommand } from '../redis-ping/command.ts';
import { RunningProgram } from './running-program.ts';

/** A command as clients send it. */
const array = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('the RESP example', () => {
  let program: RunningProgram;
  let port: number;

  before(async () => {
    program = RunningProgram.example('redis-ping.ts', ['--port', 0]);
    const [, digits] = await program.stdout.waitFor(/RESP server on 127\.0\.0\.1:(\d+)\n/);
    port = Number(digits);
  });
  after(() => program[Symbol.asyncDispose]());

  const connected = () => connect(['127.0.0.1', port]);

  const expectReplies = async (socket: StreamSocket, replies: string) => {
    assert.equal((await socket.readExactly(replies.length)).toString('latin1'), replies);
  };

  it('answers PING, ECHO, SET, GET and COMMAND, in any case', async () => {
    await using socket = await connected();
    for (const [command, reply] of [
      [array('PING'), '+PONG\r\n'],
      [array('ping', 'hello'), '$5\r\nhello\r\n'],
      [array('Echo', ''), '$0\r\n\r\n'],
      [array('GET', 'nothing'), '$-1\r\n'],
      [array('SET', 'key', 'value'), '+OK\r\n'],
      [array('get', 'key'), '$5\r\nvalue\r\n'],
      [array('COMMAND', 'DOCS'), '*0\r\n'],
      ['ping\n', '+PONG\r\n'],
      ['\r\n  set key  other \r\nget key\r\n', '+OK\r\n$5\r\nother\r\n'],
    ] as const) {
      await socket.sendall(command);
      await expectReplies(socket, reply);
    }
  });

  it('keeps values for other clients, byte for byte', async () => {
    const value = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    await using writer = await connected();
    await writer.sendall(latin1(array('SET', 'bytes', value)));
    await expectReplies(writer, '+OK\r\n');
    await using reader = await connected();
    await reader.sendall(array('GET', 'bytes'));
    await expectReplies(reader, `$256\r\n${value}\r\n`);
  });

  it('answers commands in order that come many at once, and cut anywhere', async () => {
    await using socket = await connected();
    socket.setNoDelay();
    const words = Array.from({ length: 1_000 }, (_, index) => `word ${index}`);
    const bytes = words.map((word) => array('ECHO', word)).join('');
    const replies = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
    await Promise.all([socket.sendall(bytes), expectReplies(socket, replies)]);
    for (const byte of bytes.slice(0, 300)) {
      await socket.sendall(byte);
      await new Promise(setImmediate);
    }
    await Promise.all([socket.sendall(bytes.slice(300)), expectReplies(socket, replies)]);
  });

  it('refuses a command that it does not know, and goes on', async () => {
    await using socket = await connected();
    await socket.sendall(array('FLUSH\r\nALL') + array('SET', 'key') + array('PING'));
    assert.match((await socket.readline()).toString(), /^-ERR 'FLUSH {2}ALL' with 0 arguments/);
    assert.match((await socket.readline()).toString(), /^-ERR 'SET' with 1 arguments/);
    await expectReplies(socket, '+PONG\r\n');
  });

  it('closes on what is no command, after the answers to what came before', async () => {
    for (const garbage of ['*x\r\n', '*1\r\nPING\r\n', '*1\r\n$-1\r\n', 'x'.repeat(1_200_000)]) {
      await using socket = await connected();
      await socket.sendall(array('PING') + garbage);
      await expectReplies(socket, '+PONG\r\n-ERR Protocol error\r\n');
      await socket.waitForEnd();
    }
  });
});

describe('a RESP command', () => {
  it('is read whole or not at all, whatever follows', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii' })), fc.string(), (words, rest) => {
        const text = array(...words);
        assert.deepEqual(readCommand(text + rest, 0), { words, end: text.length });
        for (let cut = 0; cut < text.length; cut += 1) {
          assert.equal(readCommand(text.slice(0, cut), 0), 'incomplete');
        }
      }),
    );
  });
});

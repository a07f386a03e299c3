import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTo } from './classic-exchange.ts';
import { RunningProgram } from './running-program.ts';

describe('the echo example', () => {
  it('sends back what several clients send, at once', async () => {
    await using program = RunningProgram.example('echo.ts', ['127.0.0.1', 0]);
    const [, port] = await program.stdout.waitFor(/echo server on 127\.0\.0\.1:(\d+)\n/);
    await using first = await connectTo(Number(port));
    await using second = await connectTo(Number(port));
    await second.sendall('second');
    assert.equal((await second.readExactly(6)).toString(), 'second');
    await first.sendall('first');
    first.shutdown('write');
    assert.equal((await first.readExactly(5)).toString(), 'first');
    assert.equal((await first.recv(1)).length, 0);
  });
});

describe('the example of one request', () => {
  it('serves one client and ends', async () => {
    await using program = RunningProgram.example('one-request.ts', ['127.0.0.1', 0]);
    const [, port] = await program.stdout.waitFor(/waiting for one client on 127\.0\.0\.1:(\d+)\n/);
    await using socket = await connectTo(Number(port));
    await socket.sendall('Ada\n');
    assert.equal((await socket.readline()).toString(), 'hello, Ada\n');
    assert.equal((await program.ended()).code, 0);
  });

  it('gives up when no client comes in time', async () => {
    await using program = RunningProgram.example('one-request.ts', ['127.0.0.1', 0, 0.1]);
    const { code, stdout } = await program.ended();
    assert.match(stdout, /nobody came within 0\.1 s\n$/);
    assert.equal(code, 0);
  });
});

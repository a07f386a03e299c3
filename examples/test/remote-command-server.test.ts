import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connectTo, runByHand, startServer } from './classic-exchange.ts';
import { peakMemoryBytes } from './process-memory.ts';
import { RunningCommand, tree } from './running-command.ts';
import { RunningProgram } from './running-program.ts';
import { WatchedPipe } from './watched-pipe.ts';

describe('the remote command server', () => {
  it('answers with the size, waits for any acknowledgement, then sends the output', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using socket = await connectTo(port);
    await socket.sendall('echo 你好');
    assert.equal((await socket.recv(1_024)).toString(), '7');
    await using other = await connectTo(port);
    await runByHand(other, 'echo meanwhile');
    socket.settimeout(0.01);
    await assert.rejects(
      socket.recv(1),
      { code: 'SOCKET_TIMEOUT' },
      'nothing comes before the acknowledgement',
    );
    socket.settimeout(undefined);
    await socket.sendall('whatever');
    assert.equal((await socket.readExactly(7)).toString(), '你好\n');
    await server.stdout.waitFor(/ack from 127\.0\.0\.1: whatever\n/);
  });

  it('leaves standard error to the terminal of the server', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using socket = await connectTo(port);
    const output = await runByHand(socket, 'echo out; echo err >&2');
    assert.equal(output.toString(), 'out\n');
    await server.stderr.waitFor(/^err\n/);
  });

  it('gives commands an empty standard input', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using socket = await connectTo(port);
    assert.equal((await runByHand(socket, 'cat; echo end')).toString(), 'end\n');
  });

  it('serves a second client while the command of the first one runs', async () => {
    await using running = await RunningCommand.start('sleep 1000');
    const { port } = running;
    await using second = await connectTo(port);
    assert.equal((await runByHand(second, 'echo hi')).toString(), 'hi\n');
  });

  it('goes on after a command that cannot be started', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using first = await connectTo(port);
    await first.sendall('echo \0');
    assert.equal((await first.recv(1)).length, 0);
    await server.stderr.waitFor(/Exception occurred during processing of request from 127\.0\.0\.1/);
    await using second = await connectTo(port);
    assert.equal((await runByHand(second, 'echo hi')).toString(), 'hi\n');
  });

  it(
    'keeps its memory bounded while 300 MB go through it',
    { skip: process.platform !== 'linux' },
    async () => {
      const { server, port } = await startServer();
      await using _ = server;
      const before = await peakMemoryBytes(server.pid);
      await using client = RunningProgram.peer('classic_client.py', ['127.0.0.1', port]);
      const { stdout, stderr } = await client.finish('head -c 300M /dev/zero\n');
      assert.equal(stderr, '');
      assert.match(stdout, /^314572800 /);
      const growth = (await peakMemoryBytes(server.pid)) - before;
      assert.ok(growth < 128 * 1024 * 1024, `the server grew by ${growth} bytes`);
    },
  );

  it('leaves no temporary file behind, also while one is in use', async () => {
    await using directory = await temporaryDirectory();
    const { server, port } = await startServer({ env: { TMPDIR: directory.path } });
    await using _ = server;
    await using socket = await connectTo(port);
    await socket.sendall('head -c 5000000 /dev/zero');
    assert.equal((await socket.recv(1_024)).toString(), '5000000');
    assert.deepEqual(await readdir(directory.path), []);
    await socket.sendall('receive ok');
    assert.equal((await socket.readExactly(5_000_000)).length, 5_000_000);
  });

  it('ends the command and the connection when the output cannot be spooled', async () => {
    const { server, port } = await startServer({ env: { TMPDIR: '/nonexistent' } });
    await using _ = server;
    await using pipe = await WatchedPipe.create();
    await using socket = await connectTo(port);
    await socket.sendall(pipe.hold('yes & sleep 1000'));
    assert.equal((await socket.recv(1_024)).length, 0);
    await pipe.released();
    await server.stderr.waitFor(/ENOENT/);
  });
});

describe('the remote command server, when a client leaves', () => {
  it('logs one that closes', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    const socket = await connectTo(port);
    await runByHand(socket, 'echo hi');
    socket.close();
    await server.stdout.waitFor(/client 127\.0\.0\.1 is closed!\n/);
  });

  it('logs one that resets', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    const socket = await connectTo(port);
    await runByHand(socket, 'echo hi');
    socket.reset();
    await server.stdout.waitFor(/client 127\.0\.0\.1 is disconnected!\n/);
    assert.equal(server.stderr.text, '');
  });

  it('ends the handler, once, when the stream ends instead of an acknowledgement', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using socket = await connectTo(port);
    await socket.sendall('echo hi');
    assert.equal((await socket.recv(1_024)).toString(), '3');
    socket.shutdown('write');
    assert.equal((await socket.recv(1)).length, 0);
    await server.stdout.waitFor(/is closed!/);
    await using second = await connectTo(port);
    await runByHand(second, 'echo hi');
    await server.stdout.waitFor(/ack from/);
    assert.equal(server.stdout.text.split('is closed!').length - 1, 1);
    assert.equal(server.stderr.text, '');
  });

  it('logs one that resets while its output is sent', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    const socket = await connectTo(port);
    await socket.sendall('head -c 20000000 /dev/zero');
    await socket.recv(1_024);
    await socket.sendall('receive ok');
    await socket.readExactly(1);
    socket.reset();
    await server.stdout.waitFor(/client 127\.0\.0\.1 is disconnected!\n/);
    assert.equal(server.stderr.text, '');
  });

  it('leaves no process of a client that was killed', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using pipe = await WatchedPipe.create();
    await using client = RunningProgram.example('remote-command-client.ts', [port]);
    client.write(`${pipe.hold(tree)}\n`);
    await pipe.running();
    client.kill('SIGKILL');
    await pipe.released();
    await server.stdout.waitFor(/client 127\.0\.0\.1 is (closed|disconnected)!\n/);
  });

  it('takes a client that shut its writing side down for gone', async () => {
    await using running = await RunningCommand.start(tree);
    const { server, socket, pipe } = running;
    socket.shutdown('write');
    await pipe.released();
    assert.equal((await socket.recv(1_024)).length, 0, 'the size of half an output is not sent');
    await server.stdout.waitFor(/client 127\.0\.0\.1 is closed!\n/);
  });

  it('leaves no process of a client that typed ahead and then left', async () => {
    await using running = await RunningCommand.start(tree);
    const { socket, pipe } = running;
    await socket.sendall('next command');
    socket.shutdown('write');
    await pipe.released();
  });
});

describe('the remote command server, when it is stopped', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends quietly on ${signal}, with the commands and the clients`, async () => {
      const { server, port } = await startServer();
      await using _ = server;
      await using pipe = await WatchedPipe.create();
      await using busy = await connectTo(port);
      await using idle = await connectTo(port);
      await runByHand(idle, 'echo hi');
      await busy.sendall(pipe.hold('sleep 1000 & sleep 1000'));
      await pipe.running();
      server.kill(signal);
      await pipe.released();
      assert.equal((await idle.recv(1)).length, 0);
      assert.equal((await busy.recv(1)).length, 0);
      const { code, stderr } = await server.ended();
      assert.equal(code, 0);
      assert.equal(stderr, '');
    });
  }

  // Without the drain it would wait a minute.
  it('does not wait long for a client that does not read', { timeout: 50_000 }, async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using socket = await connectTo(port);
    await socket.sendall('head -c 20000000 /dev/zero');
    await socket.recv(1_024);
    await socket.sendall('receive ok');
    await server.stdout.waitFor(/ack from/);
    server.kill('SIGINT');
    const { code, stderr } = await server.ended();
    assert.equal(code, 0);
    assert.equal(stderr, '');
  });

  it('says in one line that its port is taken', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using second = RunningProgram.example('remote-command-server.ts', [port]);
    const { code, stderr } = await second.finish();
    assert.match(stderr, /^the port is taken: .*choose another port .*\n$/);
    assert.equal(code, 1);
  });
});

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'examples-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

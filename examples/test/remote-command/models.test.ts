import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTo, runByHand, startServer } from '../classic-exchange.ts';
import { RunningCommand, tree } from '../running-command.ts';

for (const model of ['serial', 'concurrent', 'threading', 'forking']) {
  describe(`the remote command server, ${model}`, () => {
    it('serves one exchange after the other on a connection', async () => {
      const { server, port } = await startServer({ model });
      await using _ = server;
      await using socket = await connectTo(port);
      assert.equal((await runByHand(socket, 'echo hi')).toString(), 'hi\n');
      assert.match((await runByHand(socket, 'true')).toString(), /^command exec success/);
      await server.stdout.waitFor(/ack from 127\.0\.0\.1: receive ok\n/);
    });

    it('leaves no process of a client that closes while its command runs', async () => {
      await using running = await RunningCommand.start(tree, { model });
      const { server, socket, pipe } = running;
      socket.close();
      await pipe.released();
      await server.stdout.waitFor(/client 127\.0\.0\.1 is closed!\n/);
    });

    it('leaves no process of a client that resets while its command runs', async () => {
      await using running = await RunningCommand.start(tree, { model });
      const { server, socket, pipe } = running;
      socket.reset();
      await pipe.released();
      await server.stdout.waitFor(/client 127\.0\.0\.1 is disconnected!\n/);
    });

    it('leaves no process, and ends quietly, when it is told to end', async () => {
      await using running = await RunningCommand.start(tree, { model });
      const { server, socket, pipe } = running;
      server.kill('SIGTERM');
      await pipe.released();
      assert.equal((await socket.recv(1)).length, 0);
      const { code, stderr } = await server.ended();
      assert.equal(code, 0);
      assert.equal(stderr, '');
    });
  });
}

describe('what differs between the models of the remote command server', () => {
  it('lets a second client wait in the serial one, until the first one has left', async () => {
    const { server, port } = await startServer({ model: 'serial' });
    await using _ = server;
    await using first = await connectTo(port);
    await runByHand(first, 'echo first');
    await using second = await connectTo(port);
    const ran = runByHand(second, 'echo second >&2; echo done');
    for (let round = 0; round < 20; round += 1) await runByHand(first, 'true');
    await runByHand(first, 'echo first, still >&2');
    first.close();
    assert.equal((await ran).toString(), 'done\n');
    await server.stderr.waitFor(/^first, still\nsecond\n/);
  });

  for (const model of ['concurrent', 'threading', 'forking']) {
    it(`serves a second client beside the first one in the ${model} one`, async () => {
      await using running = await RunningCommand.start('sleep 1000', { model });
      const { port } = running;
      await using second = await connectTo(port);
      assert.equal((await runByHand(second, 'echo hi')).toString(), 'hi\n');
    });
  }

  for (const [model, isServer] of [
    ['threading', true],
    ['forking', false],
  ] as const) {
    it(`has commands be children of ${isServer ? 'the server' : 'a process of their own'}: ${model}`, async () => {
      const { server, port } = await startServer({ model });
      await using _ = server;
      await using socket = await connectTo(port);
      const parent = Number((await runByHand(socket, 'echo $PPID')).toString());
      assert.equal(parent === server.pid, isServer);
    });
  }

  it('leaves no process in the forking one even when the server is killed with SIGKILL', async () => {
    await using running = await RunningCommand.start(tree, { model: 'forking' });
    const { server, pipe } = running;
    server.kill('SIGKILL');
    await pipe.released();
  });
});

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { mkdtempDisposable, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BaseRequestHandler, ConcurrentTCPServer, connect, type StreamSocket } from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { serving } from '../support/serving.ts';

for (const [engineName, createEngine] of engines) {
  /** Both ends of one connection. */
  async function pair(): Promise<
    { readonly client: StreamSocket; readonly peer: StreamSocket } & AsyncDisposable
  > {
    const engine = createEngine();
    const arrived = Promise.withResolvers<StreamSocket>();
    const released = Promise.withResolvers<void>();
    class Holding extends BaseRequestHandler {
      override async handle() {
        arrived.resolve(this.request);
        await released.promise;
      }
    }
    const server = new ConcurrentTCPServer(['127.0.0.1', 0], Holding, { engine });
    const loop = serving(server);
    const client = await connect(server.serverAddress, { engine });
    return {
      client,
      peer: await arrived.promise,
      async [Symbol.asyncDispose]() {
        client.reset();
        released.resolve();
        await loop[Symbol.asyncDispose]();
      },
    };
  }

  /** A file of so many bytes, which takes no place on the disk. */
  async function sparseFile(folder: string, bytes: number): Promise<string> {
    const path = join(folder, 'sparse');
    await writeFile(path, '');
    await truncate(path, bytes);
    return path;
  }

  async function bytesUntilEnd(socket: StreamSocket): Promise<number> {
    let count = 0;
    for await (const chunk of socket) count += chunk.length;
    return count;
  }

  describe(`the sends of a socket on the ${engineName} engine`, () => {
    it('time a file out whose peer does not read, and then reset it', async () => {
      await using ends = await pair();
      await using folder = await mkdtempDisposable(join(tmpdir(), 'sends-'));
      const path = await sparseFile(folder.path, 2 ** 30);
      ends.peer.settimeout(0.05);
      await assert.rejects(ends.peer.sendfile(path), { code: 'SOCKET_TIMEOUT', seconds: 0.05 });
      ends.peer.close();
      await assert.rejects(bytesUntilEnd(ends.client), { code: 'ECONNRESET' });
    });

    for (const how of ['close', 'shutdown'] as const) {
      it(`reset at ${how}() after a file that was timed out, though its peer has read all that came since`, async () => {
        await using ends = await pair();
        await using folder = await mkdtempDisposable(join(tmpdir(), 'sends-'));
        const path = await sparseFile(folder.path, 2 ** 30);
        ends.peer.settimeout(0.05);
        await assert.rejects(ends.peer.sendfile(path), { code: 'SOCKET_TIMEOUT' });
        ends.peer.settimeout(undefined);
        const reading = bytesUntilEnd(ends.client);
        await ends.peer.sendall('behind it');
        if (how === 'close') ends.peer.close();
        else ends.peer.shutdown('write');
        await assert.rejects(reading, { code: 'ECONNRESET' });
      });
    }

    it('give a file that is slowly read the timeout piece by piece', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      await using folder = await mkdtempDisposable(join(tmpdir(), 'sends-'));
      const path = await sparseFile(folder.path, 32 * 1_048_576);
      ends.peer.settimeout(60);
      const sending = ends.peer.sendfile(path).then(() => ends.peer.shutdown('write'));
      assert.equal(await bytesUntilEnd(ends.client), 32 * 1_048_576);
      await sending;
      assert.equal(ends.peer.bytesWritten, 32 * 1_048_576);
    });

    it('go out before the end, also a file and what was sent behind it', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      await using folder = await mkdtempDisposable(join(tmpdir(), 'sends-'));
      const path = await sparseFile(folder.path, 4 * 1_048_576);
      void ends.peer.sendall('before');
      void ends.peer.sendfile(path);
      void ends.peer.sendall('between');
      void ends.peer.sendfile(path, { length: 10 });
      void ends.peer.sendall('after');
      ends.peer.close();
      assert.equal(await bytesUntilEnd(ends.client), 4 * 1_048_576 + 'beforebetweenafter'.length + 10);
    });

    it('go out before the end of the writing side', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      await using folder = await mkdtempDisposable(join(tmpdir(), 'sends-'));
      const path = await sparseFile(folder.path, 200_000);
      void ends.peer.sendfile(path);
      ends.peer.shutdown('write');
      await assert.rejects(ends.peer.sendfile(path), { code: 'CONNECTION_CLOSED' });
      assert.equal(await bytesUntilEnd(ends.client), 200_000);
    });

    it('end in good order where the peer was late, but has read in the end', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      const block = Buffer.alloc(1_048_576);
      ends.peer.settimeout(0.02);
      let sent = 0;
      await assert.rejects(
        async () => {
          for (; ; sent += 1) await ends.peer.sendall(block);
        },
        { code: 'SOCKET_TIMEOUT' },
      );
      ends.peer.settimeout(undefined);
      const last = ends.peer.sendall('the last words');
      await ends.client.readExactly((sent + 1) * block.length);
      await last;
      ends.peer.close();
      assert.equal(await bytesUntilEnd(ends.client), 'the last words'.length);
    });
  });

  describe(`waitForEnd on the ${engineName} engine`, () => {
    it('gives up by its signal, and leaves nothing behind', async () => {
      await using ends = await pair();
      const giveUp = new AbortController();
      const reason = new Error('long enough');
      const waiting = ends.peer.waitForEnd({ signal: giveUp.signal });
      const other = ends.peer.waitForEnd();
      giveUp.abort(reason);
      await assert.rejects(waiting, reason);
      await assert.rejects(ends.peer.waitForEnd({ signal: giveUp.signal }), reason);
      ends.client.shutdown('write');
      await other;
      await ends.peer.waitForEnd({ signal: giveUp.signal });
    });

    it('forgets its signal at the end', async () => {
      await using ends = await pair();
      const { signal } = new AbortController();
      const waiting = ends.peer.waitForEnd({ signal });
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      ends.client.shutdown('write');
      await waiting;
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });
  });
}

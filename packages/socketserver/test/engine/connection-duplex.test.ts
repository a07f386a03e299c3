import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { ConnectionDuplex } from '../../src/engine/connection-duplex.ts';
import type { Connection, Listener } from '../../src/engine/contract/connection.ts';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import { engines } from '../support/engines.ts';

async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await new Promise<void>((resolve) => listener.notify(resolve));
  }
}

for (const [name, create] of engines) {
  describe(`a connection as a stream of Node's, on the ${name} engine`, () => {
    async function pair() {
      const engine = chooseEngine(create());
      const options = { reuseAddress: true, reusePort: false, ipv6Only: false };
      const listener = engine.bindStream(['127.0.0.1', 0], options);
      listener.listen(5);
      const [client, server] = await Promise.all([engine.connect(listener.address), accept(listener)]);
      await listener.close();
      return [client, server] as const;
    }

    it('brings what was unread first, then the rest, and half-closes', async () => {
      const [client, server] = await pair();
      const near = new ConnectionDuplex(client);
      const far = new ConnectionDuplex(server, { unread: Buffer.from('unread, ') });
      near.end('and what came');
      assert.equal(await text(far), 'unread, and what came');
      far.end('the answer');
      assert.equal(await text(near), 'the answer');
      await Promise.all([near, far].map((stream) => stream.closed || once(stream, 'close')));
    });

    it('makes a writer wait for a reader that does not read, and loses nothing', async () => {
      const [client, server] = await pair();
      const near = new ConnectionDuplex(client);
      const far = new ConnectionDuplex(server);
      const chunk = Buffer.alloc(65_536, 'x');
      const count = name.includes('byte by byte') ? 1 : 200;
      let written = 0;
      const writing = (async () => {
        for (; written < count; written += 1) if (!near.write(chunk)) await once(near, 'drain');
        near.end();
      })();
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      if (count > 100) assert.ok(written < count);
      let received = 0;
      for await (const bytes of far) received += (bytes as Buffer).length;
      await writing;
      assert.equal(received, count * chunk.length);
      far.end();
      near.resume();
    });

    it('fails with the reset of its peer, and resets it', async () => {
      const [client, server] = await pair();
      const near = new ConnectionDuplex(client);
      const far = new ConnectionDuplex(server);
      far.resume();
      const failed = once(far, 'error');
      near.on('error', () => {});
      near.resetAndDestroy();
      const [error] = (await failed) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
    });

    it('ends when it is destroyed', async () => {
      const [client, server] = await pair();
      const near = new ConnectionDuplex(client);
      const far = new ConnectionDuplex(server);
      near.write('last words');
      near.destroy();
      assert.equal(await text(far), 'last words');
      far.destroy();
    });
  });
}

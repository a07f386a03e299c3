import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { Connection, ConnectionSink } from '../../src/engine/contract/connection.ts';
import type { Engine } from '../../src/engine/contract/engine.ts';
import { NodeConnection } from '../../src/engine/node/node-connection.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { RelayedConnection } from '../../src/engine/node/relayed-connection.ts';
import { createMemoryEngine } from '../../src/testing/memory-engine/memory-engine.ts';
import { secureClientConnection } from '../../src/engine/tls/secure-client-connection.ts';
import { secureConnection } from '../../src/engine/tls/secure-connection.ts';
import { createTLSContexts } from '../../src/tls/tls-contexts.ts';
import { loadTLSMaterial } from '../../src/tls/tls-material.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';

type Ends = readonly [near: Connection, far: Connection];

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());

async function ends(engine: Engine): Promise<Ends> {
  const options = { reuseAddress: true, reusePort: false, ipv6Only: false };
  const listener = engine.bindStream(['127.0.0.1', 0], options);
  listener.listen(5);
  const connecting = engine.connect(listener.address);
  await new Promise<void>((resolve) => listener.notify(resolve));
  const near = listener.accept()!;
  await listener.close();
  return [near, await connecting];
}

/** By documented calls alone. */
async function endsOfSockets(): Promise<Ends> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  server.close();
  return [
    new NodeConnection(accepted as net.Socket, ['127.0.0.1', 1]),
    new NodeConnection(client, ['127.0.0.1', port]),
  ];
}

async function endsOverTLS(): Promise<Ends> {
  const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost' });
  const place = { action: 'Cannot test', path: 'options.tls' };
  const material = loadTLSMaterial({ cert, key }, { ...place, ticketKeys: Buffer.alloc(48, 1) });
  const [near, far] = await ends(nodeEngine);
  return await Promise.all([
    secureConnection(near, createTLSContexts(material, place), { handshakeMs: Infinity }),
    secureClientConnection(
      far,
      { context: { ca: authority.cert, servername: 'localhost' }, verifyServer: undefined },
      { handshakeMs: Infinity },
    ),
  ]);
}

/** Starts a connection. @returns how it was closed. */
function closing(connection: Connection): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  connection.start({
    received: () => false,
    ended() {},
    drained() {},
    closed: resolve,
  } satisfies ConnectionSink);
  return promise;
}

describe('an end of a connection whose owner has closed it', () => {
  const kinds: readonly (readonly [name: string, open: () => Promise<Ends>])[] = [
    ...workerEngines.map(
      ([name, choice]) => [`on the ${name} engine`, () => ends(chooseEngine(choice))] as const,
    ),
    ['on sockets of Node', endsOfSockets],
    ['over TLS', endsOverTLS],
    ['in memory', () => ends(createMemoryEngine())],
  ];
  for (const [name, open] of kinds) {
    it(`is told of no reset while its last bytes wait, ${name}`, async () => {
      const [near, far] = await open();
      const closed = closing(near);
      const other = closing(far);
      near.write(Buffer.alloc(32 * 1024 * 1024));
      near.close();
      far.reset();
      assert.equal(await closed, undefined);
      assert.equal(await other, undefined);
    });
  }

  for (const end of ['close', 'reset'] as const) {
    it(`is told of no failure that was on its way from the other thread at ${end}()`, async () => {
      const { port1, port2 } = new MessageChannel();
      const connection = new RelayedConnection(port1, { local: '/near', remote: '/far' });
      const closed = closing(connection);
      connection[end]();
      port2.postMessage({
        type: 'closed',
        error: { message: 'read ECONNRESET', fields: { code: 'ECONNRESET' } },
      });
      assert.equal(await closed, undefined);
      port2.close();
    });

    it(`is told that it is closed, though that waits behind bytes that nobody reads at ${end}()`, async () => {
      const { port1, port2 } = new MessageChannel();
      const connection = new RelayedConnection(port1, { local: '/near', remote: '/far' });
      const closed = closing(connection);
      const heard = new Promise((resolve) =>
        port1.on('message', ({ type }) => type === 'closed' && resolve(type)),
      );
      for (const message of [
        { type: 'bytes', bytes: Buffer.from('unread') },
        { type: 'end' },
        { type: 'closed' },
      ]) {
        port2.postMessage(message);
      }
      await heard;
      connection[end]();
      assert.equal(await closed, undefined);
      port2.close();
    });
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, describe, it } from 'node:test';
import type { Listener } from '../../src/engine/contract/connection.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { createTLSContexts } from '../../src/tls/tls-contexts.ts';
import { loadTLSMaterial } from '../../src/tls/tls-material.ts';
import { secureConnection } from '../../src/engine/tls/secure-connection.ts';
import { PreparedListener } from '../../src/transports/prepared-listener.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { connectTLS } from '../support/tls-client.ts';
import { until } from '../support/until.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'IP:127.0.0.1' });
const place = { action: 'Cannot test', path: 'options.tls' };
const contexts = createTLSContexts(
  loadTLSMaterial({ cert, key }, { ...place, ticketKeys: Buffer.alloc(48, 1) }),
  place,
);

/** With TLS handshakes as the preparation. */
function listen({ maxClients = 256 } = {}) {
  const bindOptions = { reuseAddress: true, reusePort: false, ipv6Only: false };
  const plain = nodeEngine.bindStream(['127.0.0.1', 0], bindOptions);
  const listener = new PreparedListener(plain, {
    maxClients,
    prepare: (connection, signal) =>
      secureConnection(connection, contexts, { handshakeMs: Infinity, signal }),
    failed: () => {},
  });
  listener.listen(64);
  const [host, port] = listener.address as readonly [string, number];
  const silentClient = async () => {
    const socket = net.connect({ host, port }).on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { plain, listener, silentClient, client: () => connectTLS([host, port], { ca: authority.cert }) };
}

const ready = (source: Listener) => new Promise<void>((resolve) => source.notify(resolve));

describe('a listener that prepares its clients', () => {
  it('takes nobody while nobody waits, and shakes hands while somebody does', async () => {
    const { plain, listener, client } = listen();
    const connecting = client();
    await ready(plain);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.equal(plain.isReady, true);
    assert.equal(listener.isReady, false);
    await ready(listener);
    assert.equal(plain.isReady, false);
    assert.equal(listener.accept()?.tls?.protocol, 'TLSv1.3');
    (await connecting).destroy();
    await listener.close();
  });

  it('takes nobody once the wait was cancelled, or has ended', async () => {
    const { plain, listener, client } = listen();
    const comeInVain = async () => {
      const connecting = client().catch(() => undefined);
      await until(() => plain.isReady);
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      assert.equal(plain.isReady, true);
      return { connecting };
    };
    listener.notify(() => assert.fail('cancelled'));
    listener.notify(undefined);
    const first = await comeInVain();
    await ready(listener);
    listener.accept()!.close();
    (await first.connecting)?.destroy();
    const second = await comeInVain();
    await listener.close();
    assert.equal(await second.connecting, undefined);
  });

  it('takes as many as may shake hands at once, and goes on when one is done', async () => {
    const { plain, listener, silentClient, client } = listen({ maxClients: 2 });
    const silent = [await silentClient(), await silentClient(), await silentClient()];
    const connecting = client();
    const served = ready(listener);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    await until(() => plain.isReady); // the third silent client and the good one
    assert.equal(listener.isReady, false);
    silent[0]!.destroy();
    silent[1]!.destroy();
    await served;
    listener.accept()!.reset();
    await assert.rejects(
      connecting.then((socket) => once(socket.resume(), 'end')),
      { code: 'ECONNRESET' },
    );
    silent[2]!.destroy();
    await listener.close();
  });

  it('throws from accept what the listener under it throws, and goes on', async () => {
    const { plain, listener, client } = listen();
    const accept = plain.accept.bind(plain);
    const problem = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });
    plain.accept = () => {
      plain.accept = accept;
      throw problem;
    };
    const connecting = client();
    await ready(listener);
    assert.throws(() => listener.accept(), problem);
    await ready(listener);
    assert.ok(listener.accept() !== undefined);
    (await connecting).destroy();
    await listener.close();
  });

  it('ends handshakes that run and connections that wait when it is closed', async () => {
    const { listener, silentClient, client } = listen();
    const silent = (await silentClient()).resume();
    const waiting = client();
    await ready(listener);
    const ended = assert.rejects(
      waiting.then((socket) => once(socket.resume(), 'end')),
      { code: 'ECONNRESET' },
    );
    const closed = once(silent, 'close');
    await listener.close();
    await Promise.all([ended, closed]);
    assert.equal(listener.accept(), undefined);
    assert.equal(listener.fd, -1);
  });
});

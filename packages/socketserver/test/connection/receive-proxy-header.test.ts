import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { receiveProxyHeader } from '../../src/connection/receive-proxy-header.ts';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { Connection, ConnectionSink, Listener } from '../../src/engine/contract/connection.ts';
import { type InetAddress, writeProxyHeader } from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { engines } from '../support/engines.ts';

const source: InetAddress = ['192.0.2.1', 56_324];
const header = writeProxyHeader({ source, destination: ['198.51.100.7', 443], hasChecksum: true });
const unlimited = { proxyHeaderMs: Infinity, maxHeaderBytes: 4_096, signal: new AbortController().signal };
const bindOptions = { reuseAddress: true, reusePort: false, ipv6Only: false };

/** Learns what a connection brings. */
class Collecting implements ConnectionSink {
  readonly over = Promise.withResolvers<Error | undefined>();
  readonly end = Promise.withResolvers<void>();
  text = '';

  received(bytes: Buffer): boolean {
    this.text += bytes.toString();
    return true;
  }

  ended(): void {
    this.end.resolve();
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    this.over.resolve(error);
  }
}

async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await new Promise<void>((resolve) => listener.notify(resolve));
  }
}

for (const [name, create] of engines) {
  describe(`reading a PROXY header on the ${name} engine`, () => {
    /** Both ends of a fresh connection; `finish` ends them. */
    async function pair() {
      const engine = chooseEngine(create());
      const listener = engine.bindStream(['127.0.0.1', 0], bindOptions);
      listener.listen(5);
      const [client, server] = await Promise.all([engine.connect(listener.address), accept(listener)]);
      const clientSink = new Collecting();
      client.start(clientSink);
      client.resume();
      const finish = async () => {
        client.reset();
        await listener.close();
      };
      return { client, clientSink, server, finish };
    }

    it('leaves everything behind it to the reader, in order', async () => {
      const { client, server, finish } = await pair();
      client.write(Buffer.concat([header, Buffer.from('in one packet, ')]));
      const proxied = await receiveProxyHeader(server, unlimited);
      assert.deepEqual(proxied.remoteAddress, source);
      assert.deepEqual(proxied.proxy.peerAddress, server.remoteAddress);
      const sink = new Collecting();
      proxied.start(sink);
      client.write(Buffer.from('later'));
      client.endWrite();
      proxied.resume();
      await sink.end.promise;
      assert.equal(sink.text, 'in one packet, later');
      proxied.close();
      await finish();
    });

    it('takes it in whatever pieces it comes', async () => {
      const { client, server, finish } = await pair();
      client.setNoDelay(true);
      const receiving = receiveProxyHeader(server, unlimited);
      for (const byte of header) {
        client.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      const proxied = await receiving;
      assert.deepEqual(proxied.proxy.source, source);
      proxied.reset();
      await finish();
    });

    it('fails when the peer ends, or resets, or says something else', async () => {
      const part = (client: Connection) => {
        client.write(header.subarray(0, 9));
        client.endWrite();
      };
      const fates: readonly (readonly [(client: Connection) => void, string, number])[] = [
        [(client) => client.endWrite(), 'closed', 0],
        [part, 'closed', 9],
        [(client) => client.reset(), 'closed', 0],
        [(client) => void client.write(Buffer.from('SSH-2.0-client\r\n')), 'signature', 0],
      ];
      for (const [act, fault, offset] of fates) {
        const { client, clientSink, server, finish } = await pair();
        const receiving = receiveProxyHeader(server, unlimited);
        act(client);
        await assert.rejects(receiving, { code: 'PROXY_HEADER', fault, offset });
        assert.ok(server.isClosed);
        if (fault === 'signature') await clientSink.over.promise;
        await finish();
      }
    });

    it('gives up when it is told to, and resets the connection', async () => {
      const { clientSink, server, finish } = await pair();
      const controller = new AbortController();
      const receiving = receiveProxyHeader(server, { ...unlimited, signal: controller.signal });
      const reason = new Error('enough');
      controller.abort(reason);
      await assert.rejects(receiving, reason);
      await clientSink.over.promise;
      await finish();
    });

    it('does not keep from the next one that the connection is over', async () => {
      const { client, server, finish } = await pair();
      client.write(header);
      const proxied = await receiveProxyHeader(server, unlimited);
      const first = new Collecting();
      proxied.start(first);
      proxied.reset();
      await first.over.promise;
      const second = new Collecting();
      proxied.start(second);
      await second.over.promise;
      await finish();
    });
  });
}

describe('reading a PROXY header', () => {
  it('is over after its time, whatever came', async () => {
    const clock = new VirtualClock();
    const engine = createMemoryEngine({ clock });
    const listener = engine.bindStream(['127.0.0.1', 1], bindOptions);
    listener.listen(5);
    const client = await engine.connect(listener.address);
    const server = await accept(listener);
    const receiving = receiveProxyHeader(server, { ...unlimited, proxyHeaderMs: 5_000 });
    const rejected = assert.rejects(receiving, { code: 'PROXY_HEADER', fault: 'timeout', offset: 20 });
    client.write(header.subarray(0, 20));
    await clock.advance(4_999);
    assert.equal(server.isClosed, false);
    await clock.advance(1);
    await rejected;
    assert.ok(server.isClosed);
    assert.equal(clock.pending, 0);
    await listener.close();
  });

  it('leaves a server on an Internet address its words, also for clients on Unix sockets', async () => {
    const engine = createMemoryEngine();
    const servers = [
      [['127.0.0.1', 1], undefined],
      ['/run/app.sock', '/run/client.sock'],
    ] as const;
    for (const [address, client] of servers) {
      const listener = engine.bindStream(address, bindOptions);
      listener.listen(5);
      const proxy = await engine.connect(listener.address);
      const server = await accept(listener);
      proxy.write(writeProxyHeader({ source: '/run/client.sock', destination: '/run/proxy.sock' }));
      const proxied = await receiveProxyHeader(server, unlimited);
      assert.equal(proxied.proxy.source, '/run/client.sock');
      assert.deepEqual(proxied.remoteAddress, client ?? server.remoteAddress);
      proxied.reset();
      await listener.close();
    }
  });
});

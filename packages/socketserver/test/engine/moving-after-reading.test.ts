import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { receiveProxyHeader } from '../../src/connection/receive-proxy-header.ts';
import type { Connection, Listener } from '../../src/engine/contract.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { writeProxyHeader } from '../../src/index.ts';

const hasHandles = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await new Promise<void>((resolve) => listener.notify(resolve));
  }
}

/** A connection of which a header was read. */
async function readFrom(): Promise<{ readonly proxied: Connection; readonly client: Connection }> {
  const listener = nodeEngine.bindStream(['127.0.0.1', 0], {
    reuseAddress: true,
    reusePort: false,
    ipv6Only: false,
  });
  listener.listen(5);
  const [client, server] = await Promise.all([nodeEngine.connect(listener.address), accept(listener)]);
  await listener.close();
  client.write(writeProxyHeader({}));
  const { signal } = new AbortController();
  const options = { proxyHeaderMs: Infinity, maxHeaderBytes: 4_096, signal };
  return { client, proxied: await receiveProxyHeader(server, options) };
}

describe('a connection of the node engine that was read from', () => {
  it('goes to a thread as bytes, through a port', async () => {
    const { client, proxied } = await readFrom();
    const { transfer } = proxied.handOver('thread');
    assert.equal(transfer?.[0]?.constructor.name, 'MessagePort');
    (transfer[0] as { close(): void }).close();
    client.reset();
  });

  it('goes to a process as it is, where sockets show a handle', { skip: !hasHandles }, async () => {
    const { client, proxied } = await readFrom();
    const { handle } = proxied.handOver('process');
    assert.equal(handle?.constructor.name, 'Socket');
    handle.destroy();
    client.reset();
  });

  it('does not go to a process without one, and says what does', { skip: hasHandles }, async () => {
    const { client, proxied } = await readFrom();
    assert.throws(() => proxied.handOver('process'), {
      code: 'UNSUPPORTED',
      message: /install @socketserver\/native/,
    });
    client.reset();
  });
});

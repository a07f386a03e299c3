import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { MessageChannel, type Transferable } from 'node:worker_threads';
import { receiveProxyHeader } from '../../src/connection/receive-proxy-header.ts';
import type { Connection, Listener } from '../../src/engine/contract/connection.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { connect, ThreadingTCPServer, writeProxyHeader } from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { Echo } from '../workers/handlers/exchanges.ts';

const hasHandles = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await new Promise<void>((resolve) => listener.notify(resolve));
  }
}

/** The two ends of a connection, of which nothing was read. */
async function connected(): Promise<{ readonly server: Connection; readonly client: Connection }> {
  const listener = nodeEngine.bindStream(['127.0.0.1', 0], {
    reuseAddress: true,
    reusePort: false,
    ipv6Only: false,
  });
  listener.listen(5);
  const [client, server] = await Promise.all([nodeEngine.connect(listener.address), accept(listener)]);
  await listener.close();
  return { client, server };
}

/** A connection of which a header was read. */
async function readFrom(): Promise<{ readonly proxied: Connection; readonly client: Connection }> {
  const { client, server } = await connected();
  client.write(writeProxyHeader({}));
  const { signal } = new AbortController();
  const options = { proxyHeaderMs: Infinity, maxHeaderBytes: 4_096, signal };
  return { client, proxied: await receiveProxyHeader(server, options) };
}

describe('a TCP connection of the node engine that was not read from', { skip: !hasHandles }, () => {
  it('goes to a thread as its handle, with no socket at either end', async () => {
    const { client, server } = await connected();
    const { remoteAddress } = server;
    const { message, transfer = [] } = server.handOver('thread');
    assert.deepEqual(
      transfer.map((moved) => moved instanceof Socket),
      [false],
    );
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(message, transfer as readonly Transferable[]);
    const [moved] = (await once(port2, 'message')) as [unknown];
    port1.close();
    assert.equal((moved as { socket?: unknown }).socket, undefined);
    const connection = nodeEngine.adopt({ message: moved });
    assert.deepEqual(connection.remoteAddress, remoteAddress);
    assert.deepEqual(connection.localAddress, client.remoteAddress);
    connection.reset();
    client.reset();
  });

  it('cannot go when it is closed', async () => {
    const { client, server } = await connected();
    server.reset();
    assert.throws(() => server.handOver('thread'), { code: 'CONNECTION_CLOSED' });
    client.reset();
  });

  it('is served by a thread to which Node shows no handles', async () => {
    const workers = { env: { ...process.env, SOCKETSERVER_NODE_HANDLES: '0' } };
    await using server = new ThreadingTCPServer(['127.0.0.1', 0], Echo, { engine: 'node', workers });
    await using _ = serving(server);
    await using client = await connect(server.serverAddress);
    await client.sendall('hello');
    client.shutdown('write');
    assert.equal((await readAll(client)).toString(), 'hello');
  });
});

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

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindOptions, Connection, Listener, SocketAddress } from '../../lib/contract.ts';
import { createNativeEngine } from '../../lib/index.ts';
import { CollectingSink } from './collecting-sink.ts';

export const BIND: BindOptions = { reuseAddress: true, reusePort: false, ipv6Only: false };
export const LOOPBACK: SocketAddress = ['127.0.0.1', 0];

let folder: string | undefined;
let lastPath = 0;

/** A path that nothing is at. What is put there goes when this process ends. */
export function temporaryPath(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'native-'));
    process.once('exit', () => rmSync(made, { recursive: true }));
    folder = made;
  }
  lastPath += 1;
  return join(folder, String(lastPath));
}

/** Opens a listening socket of the engine. */
export function listen(address: SocketAddress = LOOPBACK, backlog = 16): Listener {
  const listener = createNativeEngine().bindStream(address, BIND);
  listener.listen(backlog);
  return listener;
}

/** Waits until a pull would give something. */
export async function ready(source: Pick<Listener, 'notify'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  source.notify(resolve);
  await promise;
}

export async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await ready(listener);
  }
}

/** Connects a Node socket, which plays the client. */
export async function client(address: SocketAddress): Promise<net.Socket> {
  const socket =
    typeof address === 'string'
      ? net.connect({ path: address, allowHalfOpen: true })
      : net.connect({ host: address[0], port: address[1], allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** A client, and the accepted connection at the other end. */
export async function pair(address?: SocketAddress): Promise<{ peer: net.Socket; sink: CollectingSink }> {
  const listener = listen(address);
  const [peer, connection] = await Promise.all([client(listener.address), accept(listener)]);
  await listener.close();
  return { peer, sink: new CollectingSink(connection) };
}

/** Counts the sockets and epoll instances that this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /socket|eventpoll/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // the descriptor that read the list
    }
  }).length;
}

export async function readToEnd(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

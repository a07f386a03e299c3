import type dgram from 'node:dgram';
import { once } from 'node:events';
import type { DatagramPort, SocketAddress } from '../../lib/contract.ts';
import { ready } from './sockets.ts';

/** Has `port` hear from a client, so that what it sends there goes out with the rest of its turn. */
export async function greet(port: DatagramPort, client: dgram.Socket): Promise<SocketAddress> {
  client.send('hello', Number(port.address[1]), port.address[0]);
  for (;;) {
    const greeting = port.receive();
    if (greeting !== undefined) return greeting.remoteAddress;
    await ready(port);
  }
}

/** Sends one datagram of each size in one turn, filled with its place in the list. */
export function sendBurst(port: DatagramPort, address: SocketAddress, sizes: readonly number[]): void {
  sizes.forEach((size, index) => void port.send(Buffer.alloc(size, index), address));
}

/** Receives as many datagrams. @returns for each its size, and whether all its bytes are its place in the list. */
export async function receiveBurst(
  client: dgram.Socket,
  count: number,
): Promise<(readonly [size: number, isWhole: boolean])[]> {
  const received: (readonly [number, boolean])[] = [];
  const isComplete = Promise.withResolvers<void>();
  const take = (bytes: Buffer): void => {
    const place = received.length;
    received.push([bytes.length, bytes.every((byte) => byte === place % 256)]);
    if (received.length === count) isComplete.resolve();
  };
  client.on('message', take);
  await Promise.race([isComplete.promise, once(client, 'close')]);
  client.off('message', take);
  return received;
}

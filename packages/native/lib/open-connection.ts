import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { NativeConnection } from './connection.ts';
import type { SocketAddress } from './contract.ts';
import { endpoint } from './endpoint.ts';
import type { NativeEngine } from './engine.ts';
import { errnoOf, osError } from './os-error.ts';

const EINPROGRESS = errnoOf('EINPROGRESS');

/** Opens a connection; host names are looked up, and their addresses tried in order. */
export async function openConnection(
  engine: NativeEngine,
  address: SocketAddress,
  signal: AbortSignal | undefined,
): Promise<NativeConnection> {
  signal?.throwIfAborted();
  if (typeof address === 'string' || isIP(address[0]) !== 0) return await connectTo(engine, address, signal);
  const [host, port] = address;
  let failure: unknown;
  for (const found of await lookup(host, { all: true })) {
    try {
      return await connectTo(engine, [found.address, port], signal);
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

async function connectTo(
  engine: NativeEngine,
  address: SocketAddress,
  signal: AbortSignal | undefined,
): Promise<NativeConnection> {
  signal?.throwIfAborted();
  engine.mailbox.reserveSlot();
  const status = engine.binding.connect(...endpoint(address));
  if (status !== 0 && status !== EINPROGRESS) throw osError(status, 'connect', address);
  const connection = engine.enter(new NativeConnection(engine, address));
  if (status === 0) return connection;

  const { promise, resolve, reject } = Promise.withResolvers<NativeConnection>();
  engine.whenConnected(connection, (error) => {
    if (error === undefined) resolve(connection);
    else reject(osError((error as { errno?: number }).errno ?? 0, 'connect', address));
  });
  const abort = () => {
    reject(signal!.reason as Error);
    connection.reset();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

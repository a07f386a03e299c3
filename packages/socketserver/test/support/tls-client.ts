import { once } from 'node:events';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { InetAddress } from '../../src/index.ts';

/** Connects with Node's own client; resolves when its side of the handshake is done, rejects if that fails. */
export async function connectTLS(
  [host, port]: InetAddress,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const all = { allowHalfOpen: true, ...options, host, port } as ConnectionOptions;
  const socket = tls.connect(all);
  await once(socket, 'secureConnect');
  return socket;
}

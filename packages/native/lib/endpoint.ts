import type { SocketAddress } from './contract.ts';

/** A port that tells the binding "this is a Unix path". */
const UNIX_PORT = -1;

/** Gives an address as the binding takes it: host and port, or path and -1. */
export function endpoint(address: SocketAddress): [hostOrPath: string, port: number] {
  return typeof address === 'string' ? [address, UNIX_PORT] : [address[0], address[1]];
}

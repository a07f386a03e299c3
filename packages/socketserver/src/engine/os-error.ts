import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import type { SocketAddress } from '../address/socket-address.ts';

/**
 * Makes the error that Node would make of one of the operating system: `send EMSGSIZE 127.0.0.1:53`.
 *
 * @param errno - negative, as libuv gives it.
 * @param address - of the other end, where Node names it.
 */
export function osError(errno: number, syscall: string, address?: SocketAddress): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  const facts = { errno, code, syscall };
  if (address === undefined) return Object.assign(new Error(`${syscall} ${code}`), facts);
  if (typeof address === 'string') {
    const path = address.replace(/^\0/, '\\0');
    return Object.assign(new Error(`${syscall} ${code} ${path}`), { ...facts, address });
  }
  const [host, port] = address;
  return Object.assign(new Error(`${syscall} ${code} ${host}:${port}`), { ...facts, address: host, port });
}

/** The number of an error of the operating system, as libuv gives it; on Windows libuv has numbers of its own. */
export function errnoOf(code: string): number {
  for (const [errno, [name]] of getSystemErrorMap()) if (name === code) return errno;
  throw new RangeError(`libuv knows no error ${code}`);
}

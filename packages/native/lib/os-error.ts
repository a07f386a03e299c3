import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { SocketAddress } from './contract.ts';

/** An error of the operating system, with the fields that Node's own have. */
export interface OSError extends Error {
  code: string;
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
}

/**
 * Makes the error that Node would make: `bind EADDRINUSE 127.0.0.1:80`.
 *
 * @param errno negative, as system calls of the binding give it.
 */
export function osError(errno: number, syscall: string, address?: SocketAddress): OSError {
  const code = codeOf(errno);
  const error = new Error(`${syscall} ${code}`) as OSError;
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (typeof address === 'string') {
    error.message += ` ${address.replace(/^\0/, '\\0')}`;
    error.address = address;
  } else if (address !== undefined) {
    const [host, port] = address;
    error.message += ` ${host}:${port}`;
    error.address = host;
    error.port = port;
  }
  return error;
}

/** libuv's table, which Node's own errors come from, lacks the rarer ones. */
function codeOf(errno: number): string {
  const known = getSystemErrorMap().get(errno);
  if (known !== undefined) return known[0];
  const rare = Object.entries(constants.errno).find(([, number]) => number === -errno);
  return rare?.[0] ?? `errno ${-errno}`;
}

/** The negative number of an error, as system calls of the binding give it. */
export function errnoOf(code: keyof typeof constants.errno): number {
  return -constants.errno[code];
}

import { isIP } from 'node:net';
import type { InetAddress } from 'socketserver';
import { ExpectedFailure } from './run-program.ts';

/** What {@link addressArguments} reads, and how. */
export interface AddressArgumentsOptions {
  /** Default: those of the command line. */
  readonly args?: readonly string[];
  /** The port where none is given. Default: 8888. */
  readonly port?: number;
  /** Whether the host may be a name: a client's may, a server binds to an address. */
  readonly takesNames?: boolean;
}

/**
 * Reads `[host] [port]`, or a port alone, from the command line. Default: `127.0.0.1 8888`.
 *
 * @throws ExpectedFailure for a host or a port that is none.
 */
export function addressArguments({
  args = process.argv.slice(2),
  port: defaultPort = 8888,
  takesNames = false,
}: AddressArgumentsOptions = {}): InetAddress {
  const isPortAlone = args.length === 1 && /^\d+$/.test(args[0]!);
  const [host = '127.0.0.1', port = String(defaultPort)] = isPortAlone ? ['127.0.0.1', ...args] : args;
  if (!takesNames && isIP(host) === 0 && host !== 'localhost' && host !== '') {
    throw new ExpectedFailure(
      `the arguments are [host] [port], and '${host}' is neither an IP address nor a port`,
    );
  }
  return [host, portArgument(port)];
}

/** Reads a port. @throws ExpectedFailure for what is none. */
export function portArgument(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) {
    throw new ExpectedFailure(`a port is a number from 0 to 65535, and '${text}' is none`);
  }
  return Number(text);
}

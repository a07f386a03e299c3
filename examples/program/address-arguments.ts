import type { InetAddress } from 'socketserver';
import { ExpectedFailure } from './run-program.ts';

/**
 * Reads `[host] [port]`, or a port alone, from the command line. Default: `127.0.0.1 8888`.
 *
 * @throws ExpectedFailure for a port that is none.
 */
export function addressArguments(args: readonly string[] = process.argv.slice(2)): InetAddress {
  const isPortAlone = args.length === 1 && /^\d+$/.test(args[0]!);
  const [host = '127.0.0.1', port = '8888'] = isPortAlone ? ['127.0.0.1', ...args] : args;
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new ExpectedFailure(`the arguments are [host] [port], and '${port}' is no port`);
  }
  return [host, Number(port)];
}

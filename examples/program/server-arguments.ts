import { parseArgs } from 'node:util';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  type InetAddress,
  TCPServer,
  ThreadingTCPServer,
} from 'socketserver';
import { addressArguments } from './address-arguments.ts';
import { ExpectedFailure } from './run-program.ts';

/** The TCP server of each concurrency model: they differ in nothing but where and when handlers run. */
const tcpServers = {
  serial: TCPServer,
  concurrent: ConcurrentTCPServer,
  threading: ThreadingTCPServer,
  forking: ForkingTCPServer,
};

/** One of the four classes; each takes the same arguments. */
export type AnyTCPServer = (typeof tcpServers)[keyof typeof tcpServers];

/**
 * Reads `[--server serial|concurrent|threading|forking] [host] [port]` from the command line. Default: `threading`,
 * and the address of {@link addressArguments}.
 *
 * @throws ExpectedFailure for a model, a host or a port that is none; what `parseArgs()` throws for an option that is none.
 */
export function serverArguments(args = process.argv.slice(2)): {
  readonly Server: AnyTCPServer;
  readonly address: InetAddress;
} {
  const options = { server: { type: 'string', default: 'threading' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const { server } = values;
  if (!isModel(server)) {
    const models = Object.keys(tcpServers).join(', ');
    throw new ExpectedFailure(`--server takes one of ${models}, and '${server}' is none`);
  }
  return { Server: tcpServers[server], address: addressArguments({ args: positionals }) };
}

function isModel(name: string): name is keyof typeof tcpServers {
  return Object.hasOwn(tcpServers, name);
}

/**
 * A handler that computes: it answers a client's bytes, all of them up to the half-close, with a digest that takes some
 * 100 ms of CPU time to make, and says which thread of which process made it.
 *
 *     node examples/hash.ts [--server serial|concurrent|threading|forking] [host] [port]
 *     head -c 1M /dev/zero | nc -N 127.0.0.1 8888
 *
 * On two cores eight clients at once take down to half as long with threads (the default) or processes as in one thread,
 * which `serial` and `concurrent` are: an event loop does not help those who compute. Processes take one request each;
 * threads take connections before anybody knows how much there is to compute, so some get more of them. Compare:
 *
 *     time (for n in 1 2 3 4 5 6 7 8; do head -c 1M /dev/zero | nc -N 127.0.0.1 8888 & done; wait)
 */
import { createHash, hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { threadId } from 'node:worker_threads';
import { ForkingTCPServer, formatAddress, StreamRequestHandler, ThreadingTCPServer } from 'socketserver';
import { onStopSignal, runProgram } from './program/run-program.ts';
import { serverArguments } from './program/server-arguments.ts';

const rounds = 100_000;

export class HashHandler extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const sum = createHash('sha256');
    for await (const bytes of this.request) sum.update(bytes);
    const digest = stretch(sum.digest());
    await this.wfile.write(`${digest.toString('hex')} by thread ${threadId} of process ${process.pid}\n`);
  }
}

/** Hashes a digest again and again, so that whoever guesses what it was made of has as much work. */
export function stretch(digest: Buffer): Buffer {
  let result = digest;
  for (let round = 0; round < rounds; round += 1) result = hash('sha256', result, 'buffer');
  return result;
}

/** Binds the server. One that has workers has one for each core before the first client comes. */
function createServer({ Server, address }: ReturnType<typeof serverArguments>) {
  const workers = { min: availableParallelism() };
  if (Server === ThreadingTCPServer) return new ThreadingTCPServer(address, HashHandler, { workers });
  if (Server === ForkingTCPServer) return new ForkingTCPServer(address, HashHandler, { workers });
  return new Server(address, HashHandler);
}

async function main(): Promise<void> {
  await using server = createServer(serverArguments());
  onStopSignal(() => void server.serverClose());
  console.log(`hash server on ${formatAddress(server.serverAddress)}`);
  await server.serveForever();
}

if (import.meta.main) await runProgram('node examples/hash.ts', main);

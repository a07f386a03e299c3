/**
 * A handler that computes: it answers a client's bytes, all of them up to the half-close, with a digest that takes some
 * 30 ms of CPU time to make, and says which thread of which process made it.
 *
 *     node examples/hash.ts [--server serial|concurrent|threading|forking] [host] [port]
 *     head -c 1M /dev/zero | nc -N 127.0.0.1 8888
 *
 * On two cores eight clients at once take half as long with threads (the default) or processes as in one thread, which
 * `serial` and `concurrent` are: an event loop does not help those who compute. Compare:
 *
 *     time (for n in 1 2 3 4 5 6 7 8; do head -c 1M /dev/zero | nc -N 127.0.0.1 8888 & done; wait)
 */
import { createHash, hash } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import { formatAddress, StreamRequestHandler } from 'socketserver';
import { onStopSignal, runProgram } from './program/run-program.ts';
import { serverArguments } from './program/server-arguments.ts';

const rounds = 30_000;

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

async function main(): Promise<void> {
  const { Server, address } = serverArguments();
  await using server = new Server(address, HashHandler);
  onStopSignal(() => void server.serverClose());
  console.log(`hash server on ${formatAddress(server.serverAddress)}`);
  await server.serveForever();
}

if (import.meta.main) await runProgram('node examples/hash.ts', main);

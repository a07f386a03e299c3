/**
 * A span of OpenTelemetry for each request, with the spans of what its handler does below it, in every concurrency model.
 * The handler knows of the API alone; without the `--import` it runs untraced.
 *
 *     node --import ./examples/opentelemetry/setup.ts examples/opentelemetry.ts [--server serial|concurrent|threading|forking] [host] [port]
 *     printf 'hello\n' | nc -N 127.0.0.1 8888
 *
 * A worker thread or process imports what its parent did, so `--server threading` and `forking` are traced too.
 */
import { trace } from '@opentelemetry/api';
import { formatAddress, StreamRequestHandler } from 'socketserver';
import { onStopSignal, runProgram } from './program/run-program.ts';
import { serverArguments } from './program/server-arguments.ts';

const tracer = trace.getTracer('examples');

export class TracedEcho extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for await (const line of this.rfile) await this.#answer(line);
  }

  #answer(line: Buffer): Promise<void> {
    return tracer.startActiveSpan('answer', { attributes: { 'line.bytes': line.length } }, async (span) => {
      try {
        if (line.toString() === 'fail\n') throw new Error('as asked');
        await this.wfile.write(line);
      } finally {
        span.end();
      }
    });
  }
}

async function main(): Promise<void> {
  const { Server, address } = serverArguments();
  await using server = new Server(address, TracedEcho);
  onStopSignal(() => void server.serverClose());
  console.log(`traced echo server on ${formatAddress(server.serverAddress)}`);
  await server.serveForever();
}

if (import.meta.main) await runProgram('node examples/opentelemetry.ts', main);

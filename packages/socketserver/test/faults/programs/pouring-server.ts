// Pours bytes over its clients: run it with a model, an engine, and the port that learns when a handler is held.
import process from 'node:process';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  TCPServer,
  ThreadingTCPServer,
  type WorkerOptions,
} from '../../../src/index.ts';
import { Pouring } from './pouring-handler.ts';

if (import.meta.main) {
  const [model, engine, port] = process.argv.slice(2) as [string, 'node' | 'native', string];
  const address = ['127.0.0.1', 0] as const;
  const options = { engine, workerData: Number(port), timeouts: { drainMs: 0 } };
  const workers: WorkerOptions = { min: 1, max: 1, requestsPerWorker: 2 };
  await using server =
    model === 'threading'
      ? new ThreadingTCPServer(address, Pouring, { ...options, workers })
      : model === 'forking'
        ? new ForkingTCPServer(address, Pouring, { ...options, workers })
        : new (model === 'serial' ? TCPServer : ConcurrentTCPServer)(address, Pouring, options);
  console.log(server.serverAddress[1]);
  await server.serveForever({ signals: ['SIGTERM'] });
}

// A server that a soak run loads: run it with a model and an engine. Tells its port, and what it has done when it is asked.
import process from 'node:process';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  type InetAddress,
  type StreamSocket,
  TCPServer,
  ThreadingTCPServer,
  type WorkerLostEvent,
} from '../../../src/index.ts';
import { type FromServer, refusedHost, type ToServer } from '../soaked-server.ts';
import { Soaked } from '../soaked-handler.ts';

const tell = (message: FromServer): void => void process.send!(message);
const models = { serial: TCPServer, concurrent: ConcurrentTCPServer };
const workers = { min: 2, max: 2, requestsPerWorker: 64 };
let lost = 0;

if (import.meta.main) {
  const [model, engine] = process.argv.slice(2) as [string, 'node' | 'native'];
  const server = create(model, engine);
  server.handleError = () => {};
  server.verifyRequest = (_: StreamSocket<InetAddress>, [host]: InetAddress) => host !== refusedHost;
  const loop = server.serveForever();
  process.on('message', (message: ToServer) => {
    if (message === 'stop') void server.serverClose();
    else look();
  });
  const look = (): void => {
    globalThis.gc?.();
    tell({ type: 'look', stats: server.stats(), lost });
  };
  tell({ type: 'listening', port: server.serverAddress[1] });
  await loop;
  await server.serverClose();
  process.disconnect();
}

function create(model: string, engine: 'node' | 'native'): TCPServer {
  const address = ['127.0.0.1', 0] as const;
  if (model === 'serial' || model === 'concurrent') return new models[model](address, Soaked, { engine });
  const Server = model === 'threading' ? ThreadingTCPServer : ForkingTCPServer;
  const server = new Server(address, Soaked, { engine, workers });
  server.handleWorkerLost = ({ lostRequests }: WorkerLostEvent) => void (lost += lostRequests.length);
  return server;
}

import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  type EngineChoice,
  type StreamSocket,
} from '../../src/index.ts';
import { serving } from './serving.ts';

/** Both ends of one connection; the handler of the server's end runs until both are closed. */
export interface SocketPair extends AsyncDisposable {
  readonly client: StreamSocket;
  readonly peer: StreamSocket;
}

/** Connects to a server of its own. */
export async function socketPair(engine: EngineChoice): Promise<SocketPair> {
  const arrived = Promise.withResolvers<StreamSocket>();
  const released = Promise.withResolvers<void>();
  class Holding extends BaseRequestHandler {
    override async handle() {
      arrived.resolve(this.request);
      await released.promise;
    }
  }
  const server = new ConcurrentTCPServer(['127.0.0.1', 0], Holding, { engine });
  const loop = serving(server);
  const client = await connect(server.serverAddress, { engine });
  const peer = await arrived.promise;
  return {
    client,
    peer,
    async [Symbol.asyncDispose]() {
      client.close();
      released.resolve();
      await loop[Symbol.asyncDispose]();
    },
  };
}

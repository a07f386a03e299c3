import '../require-node.ts';

export {
  DatagramClient,
  type DatagramClientOptions,
  type ReceivedDatagram,
} from './clients/datagram-client.ts';
export { type ConnectionEnd, RawClient, UnexpectedEndError } from './clients/raw-client.ts';
export { type ConnectClientOptions } from './clients/raw-stream.ts';
export { connectPair, type ConnectPairOptions } from './connect-pair.ts';
export { everySplit } from './every-split.ts';
export {
  createMemoryEngine,
  type MemoryConnectOptions,
  type MemoryEngine,
  type MemoryEngineOptions,
} from './memory-engine/memory-engine.ts';
export * as peers from './peers.ts';
export {
  runDatagramHandler,
  type DatagramHandlerRun,
  type RunDatagramHandlerOptions,
} from './run-datagram-handler.ts';
export {
  type HandlerInput,
  type HandlerRun,
  type HandlerScript,
  runHandler,
  type RunHandlerOptions,
} from './run-handler.ts';
export { type RequestFailure, RunningServer } from './running-server.ts';
export { startServer } from './start-server.ts';
export { VirtualClock } from './virtual-clock.ts';
export { type WaitOptions, WaitTimeoutError } from './wait.ts';

import './require-node.ts';

export { type InetAddressInput, type UnixAddressInput } from './address/parse-address.ts';
export {
  formatAddress,
  type InetAddress,
  type SocketAddress,
  type UnixAddress,
} from './address/socket-address.ts';
export { connect, type ConnectSocketOptions } from './request/connect.ts';
export { type AcceptErrorEvent } from './diagnostics/channels.ts';
export { type EngineChoice } from './engine/choose-engine.ts';
export {
  ConnectionClosedError,
  IncompleteReadError,
  MessageTooLongError,
  ServerBusyError,
  ServerClosedError,
  ServerDrainingError,
  SocketServerError,
  SocketTimeoutError,
  SystemExit,
  UnsupportedError,
} from './errors.ts';
export { BaseRequestHandler } from './handlers/base-request-handler.ts';
export { type RequestHandler, type RequestHandlerClass } from './handlers/request-handler.ts';
export { type ServerView } from './handlers/server-view.ts';
export { StreamRequestHandler } from './handlers/stream-request-handler.ts';
export { ConcurrentMixIn } from './mixins/concurrent-mixin.ts';
export { type StreamReader } from './request/stream-reader.ts';
export { type ReadUntilOptions, type ShutdownHow, StreamSocket } from './request/stream-socket.ts';
export { type StreamWriter } from './request/stream-writer.ts';
export { BaseServer, type ServeForeverOptions, type TakenRequest } from './server/base-server.ts';
export { type ServerOptions, type TimeoutOptions } from './server/server-options.ts';
export { ConcurrentTCPServer } from './servers.ts';
export {
  type StreamHandlerClass,
  StreamServer,
  type StreamServerOptions,
} from './transports/stream-server.ts';
export { TCPServer } from './transports/tcp-server.ts';

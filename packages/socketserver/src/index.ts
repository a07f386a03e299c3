import './require-node.ts';

export { type AccessLists, type AccessOptions } from './admission/access-lists.ts';
export { type AddressList } from './address/address-list.ts';
export { type InheritedSocketInput } from './address/inherited-socket.ts';
export { type AddressFamily, type InetAddressInput, type UnixAddressInput } from './address/parse-address.ts';
export {
  formatAddress,
  type InetAddress,
  type SocketAddress,
  type UnixAddress,
} from './address/socket-address.ts';
export { type ProxyProtocolOptions } from './connection/proxy-options.ts';
export { type TrustedPeersInput } from './connection/trusted-peers.ts';
export { type ProxyHeaderFields, type ProxySSLFields } from './proxy-protocol/header-fields.ts';
export { parseProxyHeader, type ParseProxyHeaderOptions } from './proxy-protocol/parse-proxy-header.ts';
export {
  type ParsedProxyHeader,
  type ProxyFacts,
  type ProxyHeader,
  type ProxySSL,
  type ProxyTLV,
  type ProxyTransport,
} from './proxy-protocol/proxy-header.ts';
export { writeProxyHeader } from './proxy-protocol/write-proxy-header.ts';
export { type Codec, type Decoded } from './codecs/codec.ts';
export { delimited } from './codecs/delimited.ts';
export { jsonLines } from './codecs/json-lines.ts';
export { lengthPrefixed, type LengthPrefixOptions } from './codecs/length-prefixed.ts';
export { type MessageLimitOptions } from './codecs/message-limit.ts';
export { netstrings } from './codecs/netstrings.ts';
export { type StartTLSOptions } from './request/upgradable-socket.ts';
export { connect, type ConnectSocketOptions } from './request/connect.ts';
export { type AcceptFailedEvent } from './diagnostics/accept-events.ts';
export { type DatagramTruncatedEvent } from './diagnostics/datagram-events.ts';
export { type EventName, type SocketServerEvents } from './diagnostics/event-map.ts';
export { type EventListeners, observe } from './diagnostics/observe.ts';
export { type ProxyAcceptedEvent, type ProxyFailedEvent } from './diagnostics/proxy-events.ts';
export {
  type ClientRefusedEvent,
  type LimitReachedEvent,
  type RefusalReason,
} from './diagnostics/refusal-events.ts';
export { type ServerResumedEvent, type ServerSuspendedEvent } from './diagnostics/suspend-events.ts';
export {
  type ConnectionClosedEvent,
  type RequestAcceptedEvent,
  type RequestEndedEvent,
  type RequestEvent,
  type RequestHandedOverEvent,
  type RequestOutcome,
  type RequestRefusedEvent,
  type RequestStartedEvent,
  type RequestTimedOutEvent,
} from './diagnostics/request-events.ts';
export {
  type DrainBegunEvent,
  type DrainEndedEvent,
  type ReloadBegunEvent,
  type ReloadEndedEvent,
  type ServerClosedEvent,
  type ServerListeningEvent,
} from './diagnostics/server-events.ts';
export { type TLSEstablishedEvent, type TLSFailedEvent } from './diagnostics/tls-events.ts';
export {
  type WorkerBlockedEvent,
  type WorkerEvent,
  type WorkerLostEvent,
  type WorkerStartedEvent,
} from './diagnostics/worker-events.ts';
export { type EngineChoice } from './engine/choose-engine.ts';
export { type PeerCredentials } from './engine/contract/connection.ts';
export { recycle } from './engine/tls/record-memory.ts';
export {
  CertificateError,
  type CertificateFault,
  ConnectionClosedError,
  FrameError,
  type FrameErrorOptions,
  type FrameFault,
  HandlerModuleError,
  type HandshakeFault,
  IncompleteReadError,
  MessageTooLongError,
  ProxyHeaderError,
  type ProxyHeaderFault,
  type RequestPhase,
  RequestTimeoutError,
  ServerBusyError,
  ServerClosedError,
  ServerDrainingError,
  SocketActivationError,
  SocketServerError,
  SocketTimeoutError,
  SystemExit,
  TLSHandshakeError,
  UnsupportedError,
  type WorkerLossReason,
  WorkerLostError,
} from './errors/index.ts';
export { BaseRequestHandler } from './handlers/base-request-handler.ts';
export { DatagramRequestHandler } from './handlers/datagram-request-handler.ts';
export { type HandleContext, handleTracing } from './handlers/handle-tracing.ts';
export { type RequestHandler, type RequestHandlerClass } from './handlers/request-handler.ts';
export { type ServerView } from './handlers/server-view.ts';
export { StreamRequestHandler } from './handlers/stream-request-handler.ts';
export { type HealthAnswer, HealthListener, type HealthRoute } from './health/health-listener.ts';
export { type HealthOptions } from './health/health-options.ts';
export { type HealthReport, type HealthStatus } from './health/health-report.ts';
export { DurationHistogram } from './metrics/duration-histogram.ts';
export {
  type MeasuredServer,
  prometheusContentType,
  type PrometheusOptions,
  prometheusText,
} from './metrics/prometheus-text.ts';
export { ConcurrentMixIn } from './mixins/concurrent-mixin.ts';
export {
  ForkingMixIn,
  type ForkingOptions,
  type ForkingServer,
  type ForkingStatics,
} from './mixins/forking-mixin.ts';
export { type ServerClass } from './mixins/server-class.ts';
export {
  ThreadingMixIn,
  type ThreadingOptions,
  type ThreadingServer,
  type ThreadingStatics,
} from './mixins/threading-mixin.ts';
export {
  type LoadableHandler,
  type ReloadOptions,
  type WorkerServer,
  type WorkerServerClass,
  type WorkerServerOptions,
} from './mixins/worker-server-class.ts';
export { type ResolvedTimeouts, type TimeoutOptions } from './options/timeout-options.ts';
export { type DatagramRequest, type DatagramSocket } from './request/datagram-socket.ts';
export { type PacketReader } from './request/packet-reader.ts';
export { type PacketWriter } from './request/packet-writer.ts';
export { type StreamReader } from './request/stream-reader.ts';
export { type ShutdownHow } from './request/sending-socket.ts';
export { type ReadUntilOptions, StreamSocket } from './request/stream-socket.ts';
export { type StreamWriter } from './request/stream-writer.ts';
export { BaseServer } from './server/base-server.ts';
export {
  type ServeForeverOptions,
  type SignalledServeForeverOptions,
} from './server/serve-forever-options.ts';
export { type MaybeRequest, type TakenRequest } from './server/request-hooks.ts';
export { type ServerStats } from './server/server-stats.ts';
export { type OnLimit, type StreamLimitOptions, type StreamLimits } from './server/stream-limits.ts';
export { type ServerOptions } from './server/server-options.ts';
export {
  ConcurrentTCPServer,
  ConcurrentTLSServer,
  ConcurrentUDPServer,
  ConcurrentUnixStreamServer,
  ConcurrentUnixDatagramServer,
  ForkingTCPServer,
  ForkingTLSServer,
  ForkingUDPServer,
  ForkingUnixDatagramServer,
  ForkingUnixStreamServer,
  ThreadingTCPServer,
  ThreadingTLSServer,
  ThreadingUDPServer,
  ThreadingUnixDatagramServer,
  ThreadingUnixStreamServer,
} from './servers.ts';
export { fromSystemd, systemdSockets } from './systemd/from-systemd.ts';
export { type SystemdSocket } from './systemd/listen-environment.ts';
export { type DatagramLimitOptions, type DatagramServerOptions } from './transports/datagram-options.ts';
export { type DatagramHandlerClass, DatagramServer } from './transports/datagram-server.ts';
export { type MulticastOptions } from './transports/multicast-options.ts';
export type { StreamServerOptions } from './transports/stream-options.ts';
export { type StreamHandlerClass, StreamServer } from './transports/stream-server.ts';
export { type ClientTLSOptions } from './tls/client-tls-options.ts';
export { type TLSFacts } from './tls/tls-facts.ts';
export {
  type ClientCertificateOptions,
  type KeySource,
  type PEMSource,
  type TLSIdentityOptions,
  type TLSOptions,
} from './tls/tls-options.ts';
export { type InetFamily, type InetOptions } from './transports/inet-options.ts';
export { type InetServerAddress, type UnixServerAddress } from './transports/server-address.ts';
export { TCPServer, type TCPServerOptions } from './transports/tcp-server.ts';
export { UDPServer, type UDPServerOptions } from './transports/udp-server.ts';
export { UnixDatagramServer, type UnixDatagramServerOptions } from './transports/unix-datagram-server.ts';
export { type TLSLimitOptions, type TLSLimits } from './transports/tls-limits.ts';
export { TLSServer, type TLSServerOptions } from './transports/tls-server.ts';
export { UnixStreamServer, type UnixStreamServerOptions } from './transports/unix-stream-server.ts';
export { type WorkerOptions } from './workers/worker-options.ts';
export { type WorkerStats } from './workers/worker-stats.ts';
export { type FrameStream } from './request/frame-stream.ts';
export { type FileToSend, type SendFileOptions } from './request/send-file.ts';

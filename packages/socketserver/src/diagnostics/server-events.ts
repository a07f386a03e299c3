import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** Published when a server is bound and listens. */
export interface ServerListeningEvent {
  readonly serverAddress: SocketAddress;
  /** What moves its bytes. */
  readonly engine: 'node' | 'native' | 'memory';
}

/** Published when a server is closed: its socket is free and its workers are gone. */
export interface ServerClosedEvent {
  readonly serverAddress: SocketAddress;
}

/** Published when a server begins to drain: it takes no further request, and has told those that run. */
export interface DrainBegunEvent {
  readonly serverAddress: SocketAddress;
  /** Requests that run. */
  readonly active: number;
  /** Milliseconds that they have; `Infinity` for as long as they take. */
  readonly drainMs: number;
}

/** Published when a drain is over. */
export interface DrainEndedEvent {
  readonly serverAddress: SocketAddress;
  /** Milliseconds that it took. */
  readonly durationMs: number;
  /** Connections that had not ended in time, and were reset. */
  readonly resets: number;
}

/** Published when `reload()` begins to bring up fresh workers. */
export interface ReloadBegunEvent {
  readonly serverAddress: SocketAddress;
}

/** Published when fresh workers serve and the old ones take nothing more, or when that has failed. */
export interface ReloadEndedEvent {
  readonly serverAddress: SocketAddress;
  /** Milliseconds that it took. */
  readonly durationMs: number;
  /** Why the old workers stay; `undefined` where all went well. */
  readonly error: unknown;
}

export const serverListeningChannel = eventChannel<ServerListeningEvent>('socketserver:server:listening');
export const serverClosedChannel = eventChannel<ServerClosedEvent>('socketserver:server:closed');
export const drainBegunChannel = eventChannel<DrainBegunEvent>('socketserver:drain:begun');
export const drainEndedChannel = eventChannel<DrainEndedEvent>('socketserver:drain:ended');
export const reloadBegunChannel = eventChannel<ReloadBegunEvent>('socketserver:reload:begun');
export const reloadEndedChannel = eventChannel<ReloadEndedEvent>('socketserver:reload:ended');

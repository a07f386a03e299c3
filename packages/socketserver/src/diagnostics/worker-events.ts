import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** What all events about a worker tell. */
export interface WorkerEvent {
  readonly serverAddress: SocketAddress;
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly worker: number;
}

/** Published when a worker has loaded the handler and takes requests. */
export interface WorkerStartedEvent extends WorkerEvent {}

/** Published once when the event loop of a worker stops answering, while further requests wait for it. */
export interface WorkerBlockedEvent extends WorkerEvent {
  /** The clients whose requests it serves, in the order in which they came to it. */
  readonly requests: readonly SocketAddress[];
}

/** Published when a worker ends that was not meant to. */
export interface WorkerLostEvent extends WorkerEvent {
  /** Mostly a `WorkerLostError`; a `HandlerModuleError` for a worker that could not start. */
  readonly error: Error;
  /** The clients whose requests were lost with it, in the order in which they came to it. */
  readonly lostRequests: readonly SocketAddress[];
  /** Milliseconds until a replacement is started: more than 0 in a crash loop; `Infinity` when there is none. */
  readonly retryMs: number;
}

export const workerStartedChannel = eventChannel<WorkerStartedEvent>('socketserver:worker:started');
export const workerBlockedChannel = eventChannel<WorkerBlockedEvent>('socketserver:worker:blocked');
export const workerLostChannel = eventChannel<WorkerLostEvent>('socketserver:worker:lost');

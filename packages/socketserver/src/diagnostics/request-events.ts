import type { SocketAddress } from '../address/socket-address.ts';
import type { RequestPhase } from '../errors/request-timeout-error.ts';
import { eventChannel } from './event-channel.ts';

/** What all events about a request tell. */
export interface RequestEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** The number of the request: `request.id`. */
  readonly id: number;
}

/** Published when a request was taken, before `verifyRequest`. */
export interface RequestAcceptedEvent extends RequestEvent {}

/** Published when `verifyRequest` turned a request away. */
export interface RequestRefusedEvent extends RequestEvent {}

/** Published when a request is on its way to a worker. */
export interface RequestHandedOverEvent extends RequestEvent {
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly worker: number;
  /** Milliseconds that it waited until a worker had room for it. */
  readonly waitedMs: number;
}

/** Published when the handler of a request begins, in a worker too. */
export interface RequestStartedEvent extends RequestEvent {}

/** Published when a deadline of `timeouts`, or `limits.minBytesPerSecond`, has ended a request. */
export interface RequestTimedOutEvent extends RequestEvent {
  /** What took too long. */
  readonly phase: RequestPhase;
  /** Milliseconds that were allowed. */
  readonly limitMs: number;
}

/**
 * How a request ended: its handler came to its end, it threw, the peer went away or the server drained, a deadline was
 * over, its worker was lost, or `verifyRequest` turned it away.
 */
export type RequestOutcome = 'served' | 'failed' | 'peer-gone' | 'timed-out' | 'lost' | 'refused';

/** Published once for each request that was accepted, when it has ended: then it counts in `server.stats()`. */
export interface RequestEndedEvent extends RequestEvent {
  readonly outcome: RequestOutcome;
  /** What was thrown; `undefined` for one that was served or refused. */
  readonly error: unknown;
  /** Milliseconds since it was accepted; `undefined` where nobody listened then. */
  readonly durationMs: number | undefined;
  /** Bytes that had come from the client by then. */
  readonly bytesRead: number;
  /** Bytes that had been sent to it. */
  readonly bytesWritten: number;
}

/** Published when the descriptor of a connection is free, also after the last bytes of an answer had to go out. */
export interface ConnectionClosedEvent extends RequestEvent {
  /** Milliseconds since it was accepted; `undefined` where nobody listened then. */
  readonly durationMs: number | undefined;
  /** Bytes that came from the client, in all. */
  readonly bytesRead: number;
  /** Bytes that were sent to it, in all. */
  readonly bytesWritten: number;
}

export const requestAcceptedChannel = eventChannel<RequestAcceptedEvent>('socketserver:request:accepted');
export const requestRefusedChannel = eventChannel<RequestRefusedEvent>('socketserver:request:refused');
export const requestHandedOverChannel = eventChannel<RequestHandedOverEvent>(
  'socketserver:request:handed-over',
);
export const requestStartedChannel = eventChannel<RequestStartedEvent>('socketserver:request:started');
export const requestTimedOutChannel = eventChannel<RequestTimedOutEvent>('socketserver:request:timed-out');
export const requestEndedChannel = eventChannel<RequestEndedEvent>('socketserver:request:ended');
export const connectionClosedChannel = eventChannel<ConnectionClosedEvent>('socketserver:connection:closed');

/** Whether somebody listens who is told of each request, or each connection. */
export function areRequestsWatched(): boolean {
  return watched.some(({ hasSubscribers }) => hasSubscribers);
}

/** Whether somebody listens who wants to know how long a request took. */
export function isTimed(): boolean {
  return requestEndedChannel.hasSubscribers || connectionClosedChannel.hasSubscribers;
}

const watched = [
  requestAcceptedChannel,
  requestRefusedChannel,
  requestHandedOverChannel,
  requestStartedChannel,
  requestTimedOutChannel,
  requestEndedChannel,
  connectionClosedChannel,
];

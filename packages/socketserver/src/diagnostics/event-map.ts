import { type AcceptFailedEvent, acceptFailedChannel } from './accept-events.ts';
import { type DatagramTruncatedEvent, datagramTruncatedChannel } from './datagram-events.ts';
import type { EventChannel } from './event-channel.ts';
import {
  type ProxyAcceptedEvent,
  proxyAcceptedChannel,
  type ProxyFailedEvent,
  proxyFailedChannel,
} from './proxy-events.ts';
import {
  type ServerResumedEvent,
  type ServerSuspendedEvent,
  resumedChannel,
  suspendedChannel,
} from './suspend-events.ts';
import { type TLSFailedEvent, tlsFailedChannel } from './tls-events.ts';
import {
  type WorkerBlockedEvent,
  workerBlockedChannel,
  type WorkerLostEvent,
  workerLostChannel,
  type WorkerStartedEvent,
  workerStartedChannel,
} from './worker-events.ts';

/** Every event of the library: the name of its channel in `node:diagnostics_channel`, and what it tells. */
export interface SocketServerEvents {
  'socketserver:accept:failed': AcceptFailedEvent;
  'socketserver:datagram:truncated': DatagramTruncatedEvent;
  'socketserver:proxy:accepted': ProxyAcceptedEvent;
  'socketserver:proxy:failed': ProxyFailedEvent;
  'socketserver:server:suspended': ServerSuspendedEvent;
  'socketserver:server:resumed': ServerResumedEvent;
  'socketserver:tls:failed': TLSFailedEvent;
  'socketserver:worker:started': WorkerStartedEvent;
  'socketserver:worker:blocked': WorkerBlockedEvent;
  'socketserver:worker:lost': WorkerLostEvent;
}

/** The name of an event's channel. */
export type EventName = keyof SocketServerEvents;

export const eventChannels: { readonly [Name in EventName]: EventChannel<SocketServerEvents[Name]> } = {
  'socketserver:accept:failed': acceptFailedChannel,
  'socketserver:datagram:truncated': datagramTruncatedChannel,
  'socketserver:proxy:accepted': proxyAcceptedChannel,
  'socketserver:proxy:failed': proxyFailedChannel,
  'socketserver:server:suspended': suspendedChannel,
  'socketserver:server:resumed': resumedChannel,
  'socketserver:tls:failed': tlsFailedChannel,
  'socketserver:worker:started': workerStartedChannel,
  'socketserver:worker:blocked': workerBlockedChannel,
  'socketserver:worker:lost': workerLostChannel,
};

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
  type ClientRefusedEvent,
  clientRefusedChannel,
  type LimitReachedEvent,
  limitReachedChannel,
} from './refusal-events.ts';
import {
  type ConnectionClosedEvent,
  connectionClosedChannel,
  type RequestAcceptedEvent,
  requestAcceptedChannel,
  type RequestEndedEvent,
  requestEndedChannel,
  type RequestHandedOverEvent,
  requestHandedOverChannel,
  type RequestRefusedEvent,
  requestRefusedChannel,
  type RequestStartedEvent,
  requestStartedChannel,
  type RequestTimedOutEvent,
  requestTimedOutChannel,
} from './request-events.ts';
import {
  type DrainBegunEvent,
  drainBegunChannel,
  type DrainEndedEvent,
  drainEndedChannel,
  type ReloadBegunEvent,
  reloadBegunChannel,
  type ReloadEndedEvent,
  reloadEndedChannel,
  type ServerClosedEvent,
  serverClosedChannel,
  type ServerListeningEvent,
  serverListeningChannel,
} from './server-events.ts';
import {
  type ServerResumedEvent,
  type ServerSuspendedEvent,
  resumedChannel,
  suspendedChannel,
} from './suspend-events.ts';
import {
  type TLSEstablishedEvent,
  tlsEstablishedChannel,
  type TLSFailedEvent,
  tlsFailedChannel,
} from './tls-events.ts';
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
  'socketserver:client:refused': ClientRefusedEvent;
  'socketserver:limit:reached': LimitReachedEvent;
  'socketserver:server:suspended': ServerSuspendedEvent;
  'socketserver:server:resumed': ServerResumedEvent;
  'socketserver:tls:failed': TLSFailedEvent;
  'socketserver:worker:started': WorkerStartedEvent;
  'socketserver:worker:blocked': WorkerBlockedEvent;
  'socketserver:worker:lost': WorkerLostEvent;
  'socketserver:server:listening': ServerListeningEvent;
  'socketserver:request:accepted': RequestAcceptedEvent;
  'socketserver:request:refused': RequestRefusedEvent;
  'socketserver:request:handed-over': RequestHandedOverEvent;
  'socketserver:request:started': RequestStartedEvent;
  'socketserver:request:timed-out': RequestTimedOutEvent;
  'socketserver:request:ended': RequestEndedEvent;
  'socketserver:connection:closed': ConnectionClosedEvent;
  'socketserver:tls:established': TLSEstablishedEvent;
  'socketserver:drain:begun': DrainBegunEvent;
  'socketserver:drain:ended': DrainEndedEvent;
  'socketserver:reload:begun': ReloadBegunEvent;
  'socketserver:reload:ended': ReloadEndedEvent;
  'socketserver:server:closed': ServerClosedEvent;
}

/** The name of an event's channel. */
export type EventName = keyof SocketServerEvents;

export const eventChannels: { readonly [Name in EventName]: EventChannel<SocketServerEvents[Name]> } = {
  'socketserver:accept:failed': acceptFailedChannel,
  'socketserver:datagram:truncated': datagramTruncatedChannel,
  'socketserver:proxy:accepted': proxyAcceptedChannel,
  'socketserver:proxy:failed': proxyFailedChannel,
  'socketserver:client:refused': clientRefusedChannel,
  'socketserver:limit:reached': limitReachedChannel,
  'socketserver:server:suspended': suspendedChannel,
  'socketserver:server:resumed': resumedChannel,
  'socketserver:tls:failed': tlsFailedChannel,
  'socketserver:worker:started': workerStartedChannel,
  'socketserver:worker:blocked': workerBlockedChannel,
  'socketserver:worker:lost': workerLostChannel,
  'socketserver:server:listening': serverListeningChannel,
  'socketserver:request:accepted': requestAcceptedChannel,
  'socketserver:request:refused': requestRefusedChannel,
  'socketserver:request:handed-over': requestHandedOverChannel,
  'socketserver:request:started': requestStartedChannel,
  'socketserver:request:timed-out': requestTimedOutChannel,
  'socketserver:request:ended': requestEndedChannel,
  'socketserver:connection:closed': connectionClosedChannel,
  'socketserver:tls:established': tlsEstablishedChannel,
  'socketserver:drain:begun': drainBegunChannel,
  'socketserver:drain:ended': drainEndedChannel,
  'socketserver:reload:begun': reloadBegunChannel,
  'socketserver:reload:ended': reloadEndedChannel,
  'socketserver:server:closed': serverClosedChannel,
};

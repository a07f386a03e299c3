import type { SocketAddress } from '../../address/socket-address.ts';
import type { Engine } from '../../engine/contract/engine.ts';
import type { ResolvedTimeouts } from '../../options/timeout-options.ts';
import type { TLSMaterial } from '../../tls/tls-material.ts';
import type { DatagramBinding } from '../datagram-binding.ts';
import type { HandlerReference } from '../handler-module.ts';

/** What a worker must know before its first request. */
export interface WorkerStart {
  /** The how-manieth worker of its server it is, from 1. */
  readonly ordinal: number;
  readonly handler: HandlerReference;
  readonly serverAddress: SocketAddress;
  readonly workerData: unknown;
  readonly engine: Engine['name'];
  readonly connections: ConnectionSetup;
  /** The socket of its own that it receives from, if it has one. */
  readonly socket: OwnSocket | undefined;
  /** Of a thread: the memory of the `ReportRing` that it shares with its server. */
  readonly reports?: SharedArrayBuffer | undefined;
  /** Of a thread: the number of the crossing by which connections come, where the engine has such. */
  readonly crossing?: number | undefined;
}

/** A datagram socket that a worker has for itself. */
export interface OwnSocket {
  readonly binding: DatagramBinding;
  /** Datagrams that the worker may serve at once; further ones wait in the socket. */
  readonly maxRunning: number;
}

/** What comes before the handler of a connection, and how long each phase of it may take. */
export interface ConnectionSetup {
  /** For the handshakes of a TLS server. */
  readonly tls?: TLSMaterial | undefined;
  readonly timeouts: ResolvedTimeouts;
  /** Bytes that a peer must send, or take, in a second while the handler waits for it; 0 asks for none. */
  readonly minBytesPerSecond: number;
  /** Whether reads find the end of the stream once the handler was told to end. */
  readonly endReadsOnDrain?: boolean | undefined;
  /** Whether somebody may wait for the end of any connection, so that it is to be told at once. */
  readonly tellsEndsAtOnce?: boolean | undefined;
  /** Requests that the worker is given at once: others may wait for the end of one of so many. Default `Infinity`. */
  readonly requestsPerWorker?: number | undefined;
}

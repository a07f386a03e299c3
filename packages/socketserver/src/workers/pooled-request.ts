import type { SocketAddress } from '../address/socket-address.ts';
import type { Crossing, HandedOver } from '../engine/contract/connection.ts';
import { ServerDrainingError } from '../errors/server-errors.ts';
import type { RemoteConnection } from '../request/remote-connection.ts';
import { reviveError } from './error-transfer.ts';
import type { Aged } from './oldest-first.ts';
import type { ClosedConnection, EndedRequest, Progress } from './messages/from-worker.ts';
import type { ServeConnection, ServeDatagram } from './messages/to-worker.ts';
import type { Worker } from './worker.ts';
import type { WorkerKind } from './worker-options.ts';

/** A request on its way to a worker: the message, and what cannot be copied. */
export interface PackedRequest {
  readonly message: Omit<ServeConnection, 'id' | 'isObserved'> | Omit<ServeDatagram, 'id' | 'isObserved'>;
  /** Where it is a connection: what goes along. */
  readonly handedOver?: HandedOver | undefined;
  /** Ends what went along, where the worker was gone before it took it. */
  readonly abandon?: (() => void) | undefined;
}

/** What a server gives to its pool. */
export interface RequestToServe {
  readonly clientAddress: SocketAddress;
  /** Whether somebody wants to know how far it is. */
  readonly isObserved: boolean;

  /**
   * Takes the request apart for a worker; called once, when one is found.
   *
   * @param remote - how the request can be reached from then on.
   * @param crossing - to the worker, where connections can go that way.
   * @throws what makes that impossible: the request has ended then.
   */
  pack(target: WorkerKind, remote: RemoteConnection, crossing: Crossing | undefined): PackedRequest;

  /** It is on its way to a worker, for which it waited so many milliseconds. */
  handedOver(worker: Worker, waitedMs: number): void;

  /** A worker has got so far with it. */
  progressed(progress: Progress): void;

  /** The connection's descriptor is free. Called once, where `pack()` gave a connection away. */
  connectionClosed(): void;
}

/** How a request ended in its worker. */
export interface Outcome {
  /** What was thrown, or a `WorkerLostError`; `undefined` when all went well. */
  readonly error?: unknown;
  readonly fault?: EndedRequest['fault'];
  /** Bytes that were sent, where the request is observed. */
  readonly bytesWritten?: number | undefined;
}

/** A request in a pool: waiting for a worker, or served by one. */
export class PooledRequest implements RemoteConnection, Aged<PooledRequest> {
  readonly id: number;
  readonly ended: Promise<Outcome>;
  /** When it came to the pool, and when a worker got it. */
  readonly cameAt = performance.now();
  begunAt = 0;
  /** The neighbours in the order of their beginnings, while its handler runs. */
  older: PooledRequest | undefined;
  younger: PooledRequest | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #request: RequestToServe;
  readonly #settle: (outcome: Outcome) => void;
  #worker: Worker | undefined;
  #interruption: Error | undefined;
  #hasConnection = false;
  #abandon: (() => void) | undefined;

  constructor(id: number, request: RequestToServe) {
    this.id = id;
    this.#request = request;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.ended = promise;
    this.#settle = resolve;
  }

  get clientAddress(): SocketAddress {
    return this.#request.clientAddress;
  }

  /** Whether its connection is open in a worker. */
  get hasConnection(): boolean {
    return this.#hasConnection;
  }

  /**
   * Sends the request to a worker, which may be done with it before this returns. Nobody is told yet: see
   * {@link handedOver}.
   *
   * @returns whether it is on its way; else it has ended, with the error.
   */
  handTo(worker: Worker): boolean {
    let packed: PackedRequest | undefined;
    try {
      // What somebody observes is told by messages, and stays in order with what is told of it.
      const crossing = this.#request.isObserved ? undefined : worker.crossing;
      packed = this.#request.pack(worker.kind, this, crossing);
      this.#hasConnection = packed.handedOver !== undefined;
      this.#abandon = packed.abandon;
      worker.send(
        { ...packed.message, id: this.id, isObserved: this.#request.isObserved },
        packed.handedOver,
      );
    } catch (error) {
      for (const held of packed?.handedOver?.transfer ?? []) {
        if ('destroy' in held) held.destroy();
        else held.close();
      }
      packed?.handedOver?.leaving?.reset();
      this.connectionClosed(undefined);
      this.#settle({ error });
      return false;
    }
    this.#worker = worker;
    this.begunAt = performance.now();
    if (this.#interruption !== undefined) this.interrupt(this.#interruption);
    return true;
  }

  /** A worker has taken it by itself: this object learns of it later. */
  takenBy(worker: Worker, cameAt: number): void {
    this.#request.pack(worker.kind, this, worker.crossing);
    this.#hasConnection = true;
    this.#worker = worker;
    this.begunAt = cameAt;
    if (this.#interruption !== undefined) this.interrupt(this.#interruption);
  }

  /** Tells that it is on its way, once its end can be told too: who learns of it may ask the server how it does. */
  handedOver(worker: Worker): void {
    this.#request.handedOver(worker, this.begunAt - this.cameAt);
  }

  /** Tells that a worker has taken it by itself, and that its handler runs. */
  tellTaken(): void {
    this.#request.handedOver(this.#worker!, 0);
    this.#request.progressed({ type: 'progress', id: this.id });
  }

  interrupt(reason: Error): void {
    this.#interruption = reason;
    this.#worker?.send({ type: 'interrupt', id: this.id, drainMs: drainMsOf(reason) });
  }

  reset(reason: Error | undefined): void {
    const isForced = reason instanceof ServerDrainingError && reason.isForced;
    if (this.#hasConnection) this.#worker?.send({ type: 'reset', id: this.id, drainMs: 0, isForced });
  }

  /** The worker has said how it ended. */
  reported({ error, fault, bytesRead = 0, bytesWritten }: EndedRequest): void {
    if (bytesWritten !== undefined && this.#hasConnection) {
      this.bytesRead = bytesRead;
      this.bytesWritten = bytesWritten;
    }
    const sent = bytesWritten === undefined ? {} : { bytesWritten };
    this.end(error === undefined ? sent : { error: reviveError(error), fault, ...sent });
  }

  progressed(progress: Progress): void {
    this.#request.progressed(progress);
  }

  end(outcome: Outcome): void {
    this.#settle(outcome);
  }

  /** Its descriptor is free: the worker said so, or is gone. */
  connectionClosed(counts: ClosedConnection | undefined): void {
    if (!this.#hasConnection) return;
    this.#hasConnection = false;
    if (counts === undefined) this.#abandon?.();
    this.#abandon = undefined;
    this.bytesRead = counts?.bytesRead ?? 0;
    this.bytesWritten = counts?.bytesWritten ?? 0;
    this.#request.connectionClosed();
  }
}

function drainMsOf(reason: Error): number {
  return reason instanceof ServerDrainingError ? reason.drainMs : 0;
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SocketAddress } from '../address/socket-address.ts';
import type { DeadlineSweep } from '../deadlines/deadline-sweep.ts';
import type { DatagramPort } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { RequestQueue } from '../engine/request-queue.ts';
import { runHandler } from '../handlers/run-handler.ts';
import type { ServerView } from '../handlers/server-view.ts';
import { DatagramSocket } from '../request/datagram-socket.ts';
import { bindOwnSocket } from './datagram-binding.ts';
import { transferError } from './error-transfer.ts';
import type { AnyHandlerClass } from './handler-module.ts';
import type { EndedRequest, FromWorker } from './messages/from-worker.ts';
import type { DatagramSent, ServeDatagram } from './messages/to-worker.ts';
import type { OwnSocket } from './messages/worker-start.ts';
import type { PlainDatagram } from './own-requests.ts';
import type { Reporter } from './reporter.ts';
import { WorkerDatagramPort } from './worker-datagram-port.ts';

/** Datagrams that one turn of the event loop takes, so that a flood leaves messages their turn. */
const takenPerTurn = 64;

/** How long a socket that is to close goes on taking what comes, at most. */
const lastDatagramsMs = 1_000;

/**
 * Numbers that a worker may give to the datagrams of its own socket, which the server cannot count: they follow this
 * many times the worker's own number, so no two requests of a server have the same.
 */
const idsPerWorker = 2 ** 32;

/** What serves the datagrams of a worker. */
export interface DatagramServiceParts {
  readonly serverAddress: SocketAddress;
  /** The how-manieth worker of its server this is, from 1. */
  readonly ordinal: number;
  readonly handlerClass: AnyHandlerClass;
  readonly view: ServerView;
  readonly deadlines: DeadlineSweep;
  readonly engine: Engine;
  readonly reporter: Reporter;
  readonly post: (message: FromWorker) => void;
  /** Who wants to know when handlers run. */
  readonly watch: { began(): void; ended(): void } | undefined;
}

/**
 * Serves the datagrams that the server hands to a worker, and those that the worker takes from a socket of its own:
 * together never more at once than the worker may serve.
 */
export class DatagramService {
  readonly #parts: DatagramServiceParts;
  readonly #port: WorkerDatagramPort;
  readonly #socket: DatagramSocket;
  /** Handed over, while the own socket's datagrams leave no room. */
  readonly #handed = new RequestQueue<ServeDatagram>();
  #own: DatagramPort | undefined;
  #maxRunning = Infinity;
  #running = 0;
  #lastOwnId: number;
  /** Handlers that end at once must not take the next datagram from within the taking of theirs. */
  #isTaking = false;

  constructor(parts: DatagramServiceParts) {
    this.#parts = parts;
    this.#lastOwnId = parts.ordinal * idsPerWorker;
    this.#port = new WorkerDatagramPort(parts.serverAddress, parts.post, (bytes) =>
      parts.reporter.own.sent(bytes),
    );
    this.#socket = new DatagramSocket(this.#port);
  }

  /** Serves a datagram that the server took. */
  serve(message: ServeDatagram): void {
    this.#handed.push(message);
    this.#takeNext();
  }

  /** The server has sent a datagram, or could not. */
  settled(message: DatagramSent): void {
    this.#port.settled(message);
  }

  /** Binds an own socket, and serves what comes there. @throws the operating system's error. */
  receive({ binding, maxRunning }: OwnSocket): void {
    this.#own = bindOwnSocket(this.#parts.engine, binding);
    this.#port.own = this.#own;
    this.#maxRunning = maxRunning;
    this.#takeNext();
  }

  /**
   * Closes the own socket, and says so; handlers that run answer through the server's from then on.
   *
   * @param servesWaiting - whether datagrams that have come already are served; if not they are lost.
   */
  async stopReceiving(servesWaiting: boolean): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined) {
      own.notify(undefined);
      this.#port.own = undefined;
      if (servesWaiting) await this.#takeLast(own);
      this.#parts.reporter.own.dropped(own.dropped);
      await own.close();
    }
    this.#parts.reporter.flush();
    this.#parts.post({ type: 'stopped' });
  }

  /** Tells all handlers, and those to come, that the server drains. */
  interrupt(reason: Error): void {
    this.#socket.interrupt(reason);
  }

  get #hasRoom(): boolean {
    return this.#running < this.#maxRunning;
  }

  #serveHanded(): void {
    while (this.#hasRoom && this.#handed.length > 0) {
      const message = this.#handed.take()!;
      const { id, isObserved } = message;
      if (isObserved) this.#parts.post({ type: 'progress', id });
      void this.#run(message, (failure, bytesWritten) =>
        this.#ended({ id, ...failure, ...(isObserved ? { bytesWritten } : {}) }),
      );
    }
  }

  /** Serves what waits, those first that the server has handed over. */
  #takeNext(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    this.#serveHanded();
    if (this.#own !== undefined) this.#takeOwn(this.#own);
    this.#isTaking = false;
  }

  #takeOwn(own: DatagramPort): void {
    for (let count = 0; this.#hasRoom && own.isReady; count += 1) {
      if (count === takenPerTurn) {
        setImmediate(() => this.#takeNext());
        return;
      }
      this.#take(own);
    }
    own.notify(this.#hasRoom ? () => this.#takeNext() : undefined);
  }

  /** Takes what has come already; what comes from now on is for the other sockets of the port. */
  async #takeLast(own: DatagramPort): Promise<void> {
    own.leavePort();
    const deadline = performance.now() + lastDatagramsMs;
    // The first turn may end without a look at the socket, the second may not.
    for (let quietTurns = 0; quietTurns < 2 && performance.now() < deadline; quietTurns += 1) {
      await nextTurn();
      for (; own.isReady && performance.now() < deadline; quietTurns = -1) this.#take(own);
    }
  }

  #take(own: DatagramPort): void {
    const { reporter } = this.#parts;
    try {
      const datagram = own.receive();
      if (datagram === undefined) return;
      const { bytes, remoteAddress, truncated, localAddress } = datagram;
      this.#lastOwnId += 1;
      const taken = {
        requestId: this.#lastOwnId,
        clientAddress: remoteAddress,
        localAddress,
        bytes,
        isTruncated: truncated,
      };
      reporter.own.began(taken);
      void this.#run(taken, (failure) => this.#ownEnded(taken, failure));
      reporter.changed();
    } catch (error) {
      reporter.own.receiveFailed(error);
      reporter.changed();
    }
  }

  async #run(
    { requestId, clientAddress, localAddress, bytes, isTruncated, isObserved = false }: DatagramToRun,
    ended: (failure: Failure | undefined, bytesWritten: number) => void,
  ): Promise<void> {
    const { handlerClass, view, deadlines, reporter, watch } = this.#parts;
    this.#running += 1;
    watch?.began();
    reporter.began();
    const isTimed = deadlines.figures.timeouts.requestMs !== Infinity;
    const isOfOne = isTimed || isObserved || localAddress !== undefined;
    const socket = isOfOne ? this.#socket.forRequest(clientAddress, localAddress) : this.#socket;
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let failure: Failure | undefined;
    try {
      const request = [data, socket, isTruncated, requestId];
      const run = (): Promise<void> | void => runHandler(handlerClass, request, clientAddress, view);
      const handled = isTimed ? deadlines.run(socket, run) : run();
      reporter.moved();
      if (handled !== undefined) await handled;
    } catch (error) {
      failure = {
        error: transferError(error),
        fault: socket.isPeerGone(error) ? 'peer-gone' : undefined,
      };
    }
    const wasFull = !this.#hasRoom;
    this.#running -= 1;
    watch?.ended();
    ended(failure, socket.bytesWritten);
    if (wasFull) this.#takeNext();
  }

  #ended(request: EndedRequest): void {
    this.#parts.reporter.ended(request);
  }

  #ownEnded(datagram: PlainDatagram, failure: Failure | undefined): void {
    const { reporter } = this.#parts;
    reporter.own.ended(datagram, failure);
    reporter.ownEnded();
  }
}

interface DatagramToRun extends PlainDatagram {
  readonly localAddress?: SocketAddress | undefined;
  readonly isObserved?: boolean;
}

interface Failure {
  readonly error: ReturnType<typeof transferError>;
  readonly fault: 'peer-gone' | undefined;
}

import { adoptConnection } from '../connection/proxied-connection.ts';
import {
  type ConnectionService,
  type RequestStep,
  ServedConnection,
} from '../connection/serve-connection.ts';
import { DeadlineSweep } from '../deadlines/deadline-sweep.ts';
import { clockOf } from '../engine/clock.ts';
import { chooseEngine } from '../engine/choose-engine.ts';
import type { Connection, CrossingNotes, HandedOver } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { ServerDrainingError } from '../errors/server-errors.ts';
import { createTLSContexts } from '../tls/tls-contexts.ts';
import { DatagramService } from './datagram-service.ts';
import { transferError } from './error-transfer.ts';
import { type AnyHandlerClass } from './handler-module.ts';
import type { EndedRequest, FromWorker } from './messages/from-worker.ts';
import type { ServeConnection, ToWorker } from './messages/to-worker.ts';
import type { ConnectionSetup, WorkerStart } from './messages/worker-start.ts';
import { NumberTable } from './number-table.ts';
import { RemoteServerView } from './remote-server-view.ts';
import { Reporter } from './reporter.ts';
import { ReportRing } from './report-ring.ts';

/** What the entry of a worker gives to its service. */
export interface ServiceDoors {
  readonly post: (message: FromWorker) => void;
  /** Ends the worker. */
  readonly exit: () => void;
  /** Who wants to know when handlers run. */
  readonly watch?: { began(): void; ended(): void } | undefined;
}

/**
 * The far side of a pool: serves the requests that come by messages, in a thread or a process, and reports how they
 * ended.
 */
export class RequestService {
  readonly #handlerClass: AnyHandlerClass;
  readonly #doors: ServiceDoors;
  /** Of this thread. */
  readonly engine: Engine;
  readonly #view: RemoteServerView;
  readonly #datagrams: DatagramService;
  readonly #reporter: Reporter;
  readonly #connections = new NumberTable<ServedConnection>();
  readonly #deadlines: DeadlineSweep;
  #service: ConnectionService;
  #draining: ServerDrainingError | undefined;

  /** @throws the operating system's error, where the worker is to have a socket of its own and cannot. */
  constructor(start: WorkerStart, handlerClass: AnyHandlerClass, doors: ServiceDoors) {
    this.#handlerClass = handlerClass;
    this.#doors = doors;
    this.engine = chooseEngine(start.engine as 'node');
    this.#view = new RemoteServerView(start, doors.post);
    const { reports } = start;
    this.#reporter = new Reporter(doors.post, reports && new ReportRing(reports));
    this.#deadlines = new DeadlineSweep(start.connections, clockOf(this.engine));
    this.#service = this.#setUp(start.connections);
    this.#datagrams = new DatagramService({
      serverAddress: start.serverAddress,
      ordinal: start.ordinal,
      handlerClass,
      view: this.#view,
      deadlines: this.#deadlines,
      engine: this.engine,
      reporter: this.#reporter,
      post: doors.post,
      watch: doors.watch,
    });
    if (start.socket !== undefined) this.#datagrams.receive(start.socket);
  }

  /** Takes a message from the server, with the handle that a process gets beside it. */
  received(message: ToWorker, handle?: HandedOver['handle']): void {
    switch (message.type) {
      case 'connection':
        this.#adopt(message, handle);
        return;
      case 'datagram':
        this.#datagrams.serve(message);
        return;
      case 'receive':
        this.#datagrams.receive(message.socket);
        return;
      case 'stop-receiving':
        void this.#datagrams.stopReceiving(message.servesWaiting);
        return;
      case 'interrupt':
        this.#interrupt(message.id, new ServerDrainingError(message.drainMs));
        return;
      case 'reset':
        this.#reset(message.id, new ServerDrainingError(message.drainMs, message));
        return;
      case 'setup':
        this.#change(message.connections);
        return;
      case 'ping':
        this.#reporter.answer();
        return;
      case 'sent':
        this.#datagrams.settled(message);
        return;
      case 'shut-down':
        this.#view.hasShutDown();
        return;
      case 'exit':
        this.#doors.exit();
    }
  }

  /** Says what is lost: the worker exits. */
  leaving(): void {
    const { running } = this.#reporter.own;
    this.#reporter.flush();
    if (running.length > 0) this.#doors.post({ type: 'leaving', running });
  }

  /** Serves a connection that came without a message. */
  serve(connection: Connection, { id, requestId }: CrossingNotes): void {
    this.#began();
    void this.#serveConnection(connection, { id, requestId, isObserved: false });
    this.#reporter.moved();
  }

  #adopt(
    { id, requestId, handedOver: message, isObserved }: ServeConnection,
    handle: HandedOver['handle'],
  ): void {
    this.#began();
    let connection: Connection;
    try {
      // In this very turn: the handle that a process gets reads already. [Node: child_process]
      connection = adoptConnection(this.engine, { message, ...(handle === undefined ? {} : { handle }) });
    } catch (error) {
      this.#report({ id, error: transferError(error) });
      this.#connectionClosed(id, isObserved);
      return;
    }
    void this.#serveConnection(connection, { id, requestId, isObserved });
    this.#reporter.moved();
  }

  async #serveConnection(
    connection: Connection,
    { id, requestId, isObserved }: Pick<ServeConnection, 'id' | 'requestId' | 'isObserved'>,
  ): Promise<void> {
    const progressed = isObserved
      ? ({ handshake, handshakeError: error }: RequestStep): void => {
          const handshakeError = error === undefined ? undefined : transferError(error);
          this.#doors.post({ type: 'progress', id, handshake, handshakeError });
        }
      : undefined;
    const bytes = (): Pick<EndedRequest, 'bytesRead' | 'bytesWritten'> =>
      isObserved ? { bytesRead: served.bytesRead, bytesWritten: served.bytesWritten } : {};
    const served = new ServedConnection(connection, this.#service, {
      id: requestId,
      closed: () => this.#connectionClosed(id, isObserved),
      progressed,
    });
    this.#connections.set(id, served);
    if (this.#draining !== undefined) served.interrupt(this.#draining);
    try {
      await served.serve();
      if (isObserved) this.#report({ id, ...bytes() });
      else this.#served(id);
    } catch (error) {
      this.#report({ id, error: transferError(error), fault: served.faultOf(error), ...bytes() });
    }
  }

  #interrupt(id: number | undefined, reason: ServerDrainingError): void {
    if (id !== undefined) {
      this.#connections.get(id)?.interrupt(reason);
      return;
    }
    this.#draining = reason;
    this.#reporter.tellsEndsAtOnce = true;
    this.#datagrams.interrupt(reason);
    for (const served of this.#connections.values()) served.interrupt(reason);
  }

  #reset(id: number | undefined, reason: ServerDrainingError): void {
    const ending = id === undefined ? this.#connections.values() : [this.#connections.get(id)];
    for (const served of ending) served?.reset(reason);
  }

  #setUp({
    tls,
    timeouts,
    endReadsOnDrain = false,
    tellsEndsAtOnce = false,
    requestsPerWorker = Infinity,
  }: ConnectionSetup): ConnectionService {
    this.#reporter.tellsEndsAtOnce = tellsEndsAtOnce || this.#draining !== undefined;
    this.#reporter.maxRunning = requestsPerWorker;
    return {
      RequestHandlerClass: this.#handlerClass,
      server: this.#view,
      tls: tls && createTLSContexts(tls, { action: 'Cannot serve TLS', path: 'options.tls' }),
      timeouts,
      endReadsOnDrain,
      deadlines: this.#deadlines,
    };
  }

  #change(connections: ConnectionSetup): void {
    const wasNeeded = this.#deadlines.isNeeded;
    this.#deadlines.change(connections);
    this.#service = this.#setUp(connections);
    if (wasNeeded || !this.#deadlines.isNeeded) return;
    for (const served of this.#connections.values()) served.watch();
  }

  #connectionClosed(id: number, isObserved: boolean): void {
    const served = this.#connections.get(id);
    this.#connections.delete(id);
    const counts = { id, bytesRead: served?.bytesRead ?? 0, bytesWritten: served?.bytesWritten ?? 0 };
    this.#reporter.closed(counts, isObserved);
  }

  #began(): void {
    this.#doors.watch?.began();
    this.#reporter.began();
  }

  #served(id: number): void {
    this.#doors.watch?.ended();
    this.#reporter.served(id);
  }

  #report(ended: EndedRequest): void {
    this.#doors.watch?.ended();
    this.#reporter.ended(ended);
  }
}

import type { ToWorker } from './messages/to-worker.ts';
import type { OwnSocket } from './messages/worker-start.ts';

/** The socket for datagrams that a worker has for itself: whether it has one, and what runs that came by it. */
export class WorkerSocket {
  readonly #send: (message: ToWorker) => void;
  #isOpen: boolean;
  /** Sockets that the worker was told to close, and has not said to have. */
  #closing = 0;
  #running = 0;

  /**
   * @param isOpen - whether the worker starts with one.
   * @param send - tells the worker.
   */
  constructor(isOpen: boolean, send: (message: ToWorker) => void) {
    this.#isOpen = isOpen;
    this.#send = send;
  }

  /** Whether it receives datagrams. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Requests whose handlers run, as the worker last reported. */
  get running(): number {
    return this.#running;
  }

  set running(count: number) {
    this.#running = count;
  }

  /** Whether no request can come by it, and none of those that did is served. */
  get isQuiet(): boolean {
    return !this.#isOpen && this.#closing === 0 && this.#running === 0;
  }

  /** Has the worker receive. Idempotent. */
  receive(socket: OwnSocket): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#send({ type: 'receive', socket });
  }

  /** Has the worker close it. Idempotent. @param servesWaiting - whether what has come already is served. */
  stopReceiving(servesWaiting: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closing += 1;
    this.#send({ type: 'stop-receiving', servesWaiting });
  }

  /** The worker has closed it. */
  stoppedReceiving(): void {
    this.#closing -= 1;
  }

  /** The worker is gone, and with it all of that. */
  lost(): void {
    this.#isOpen = false;
    this.#closing = 0;
    this.#running = 0;
  }
}

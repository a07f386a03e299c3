import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { OwnRequestCounts } from './own-requests.ts';
import type { ClosedConnection, EndedRequest, Pong, Report, WorkerLoad } from './messages/from-worker.ts';
import { connectionClosed, type ReportRing, requestEnded } from './report-ring.ts';

/** How long news may wait for more while the worker is at work: a message costs as much as a small request. */
const gatherMs = 4;

/** The least time between two looks at the own heap, which cost some microseconds. */
const loadIntervalMs = 250;

/**
 * Tells a worker's pool how requests end: much news in one message while there is work, at once when there is none, or
 * when somebody may wait for it.
 *
 * A thread writes down what is plain, where its server finds it when it next looks, and only sends a message for it when
 * the server has not looked for a while, or may wait for it.
 */
export class Reporter {
  /** What came by the worker's own socket; {@link changed} has it reported. */
  readonly own = new OwnRequestCounts();
  /** Whether the server may wait for the end of any connection. */
  tellsEndsAtOnce = false;
  /** Requests that the server has here at once: it may wait for the end of one of so many. */
  maxRunning = Infinity;
  readonly #post: (message: Report | Pong) => void;
  readonly #ring: ReportRing | undefined;
  #running = 0;
  #ended: EndedRequest[] = [];
  #closed: ClosedConnection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #lastLoadMs = 0;
  #lastLook = performance.eventLoopUtilization();

  /** @param ring - of a thread: what its server reads without a message. */
  constructor(post: (message: Report | Pong) => void, ring?: ReportRing) {
    this.#post = post;
    this.#ring = ring;
  }

  began(): void {
    this.#running += 1;
    if (this.#untold > 0 && this.#isFullToServer) this.#sendSoon();
  }

  /** The event loop goes on: it was not held up by what began. */
  moved(): void {
    this.#ring?.beat();
  }

  /** The handler of a connection has come to its end. */
  served(id: number): void {
    if (this.#ring?.write(requestEnded, id, 0, 0) !== true) {
      this.ended({ id });
      return;
    }
    this.#running -= 1;
    this.#written();
  }

  ended(request: EndedRequest): void {
    this.#running -= 1;
    this.#ended.push(request);
    this.#scheduleEnd();
  }

  /** A request of the own socket has ended. */
  ownEnded(): void {
    this.#running -= 1;
    this.#schedule();
  }

  /** There is news in {@link own}. */
  changed(): void {
    this.#schedule();
  }

  /** Tells the news now. */
  flush(): void {
    if (this.#hasNews) this.#send(false);
  }

  /** @param isObserved - whether it is to be told with what was told of it before. */
  closed(connection: ClosedConnection, isObserved: boolean): void {
    const { id, bytesRead, bytesWritten } = connection;
    if (!isObserved && this.#ring?.write(connectionClosed, id, bytesRead, bytesWritten) === true) {
      this.#written();
      return;
    }
    this.#closed.push(connection);
    this.#scheduleEnd();
  }

  /** Answers a ping, and tells the news with it. */
  answer(): void {
    if (this.#hasNews) this.#send(true);
    else this.#post({ type: 'pong' });
  }

  get #hasNews(): boolean {
    return this.#ended.length > 0 || this.#closed.length > 0 || this.own.hasNews;
  }

  /** Ends that the server may not know of. */
  get #untold(): number {
    return this.#ended.length + (this.#ring?.unread ?? 0);
  }

  /** Whether the server may see no room here, so that others wait. */
  get #isFullToServer(): boolean {
    return this.#running + this.#untold >= this.maxRunning;
  }

  #sendSoon(): void {
    this.#immediate ??= setImmediate(() => this.#send(false));
  }

  #schedule(): void {
    if (this.#running === 0) this.#sendSoon();
    else this.#timer ??= setTimeout(() => this.#send(false), gatherMs);
  }

  /** There is the end of a request, or of its connection. */
  #scheduleEnd(): void {
    if (this.tellsEndsAtOnce || this.#isFullToServer) this.#sendSoon();
    else this.#schedule();
  }

  /** The ring has news. */
  #written(): void {
    if (this.tellsEndsAtOnce || this.#isFullToServer) this.#sendSoon();
    else this.#timer ??= setTimeout(() => this.#sendUnread(), gatherMs);
  }

  /** Sends what is left, if there is anything that the server has not seen. */
  #sendUnread(): void {
    this.#timer = undefined;
    const isLoadDue = performance.now() - this.#lastLoadMs >= loadIntervalMs;
    if (isLoadDue || this.#hasNews || this.#ring?.isRead === false) this.#send(false);
  }

  #send(isAnswer: boolean): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    const ended = this.#ended;
    const closed = this.#closed;
    this.#ended = [];
    this.#closed = [];
    const load = this.#load();
    const news = { type: 'report', ended, closed, isAnswer } as const;
    const own = this.own.take();
    this.#post({
      ...news,
      ...(load === undefined ? {} : { load }),
      ...(own === undefined ? {} : { own }),
    });
  }

  #load(): WorkerLoad | undefined {
    const now = performance.now();
    if (now - this.#lastLoadMs < loadIntervalMs) return undefined;
    this.#lastLoadMs = now;
    const look = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(look, this.#lastLook);
    this.#lastLook = look;
    return { heapBytes: getHeapStatistics().used_heap_size, utilization };
  }
}

import type { EventLoopUtilization } from 'node:perf_hooks';
import {
  type Transferable,
  Worker as Thread,
  type WorkerOptions as ThreadOptions,
} from 'node:worker_threads';
import { chooseEngine } from '../engine/choose-engine.ts';
import type { Crossing, Listener } from '../engine/contract/connection.ts';
import type { Loan, LoanTerms } from '../engine/contract/loan.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { ToWorker } from './messages/to-worker.ts';
import type { WorkerStart } from './messages/worker-start.ts';
import { ReportRing } from './report-ring.ts';
import type { Attachment, Worker, WorkerListener } from './worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { workerEntry } from '../worker-entry.ts';

/** A worker that is a thread of this process. */
export class ThreadWorker implements Worker {
  readonly kind = 'thread';
  readonly id: number;
  readonly reports = new ReportRing();
  readonly crossing: Crossing | undefined;
  readonly #thread: Thread;
  /** Messages of this turn that nothing has to be transferred with. */
  #gathered: ToWorker[] = [];
  /** Messages that were posted. */
  #posted = 0;
  #error: unknown;
  #lastLook: EventLoopUtilization | undefined;

  constructor(start: WorkerStart, options: ResolvedWorkerOptions, listener: WorkerListener) {
    const { trackUnmanagedFds } = options;
    this.crossing = chooseEngine(start.engine as 'node').openCrossing?.();
    const threadOptions: ThreadOptions = {
      workerData: {
        ...start,
        reports: this.reports.memory,
        crossing: this.crossing?.number,
      } satisfies WorkerStart,
      name: start.handler.className,
      trackUnmanagedFds,
    };
    if (options.resourceLimits !== undefined) threadOptions.resourceLimits = options.resourceLimits;
    if (options.env !== undefined) threadOptions.env = options.env;
    if (options.execArgv !== undefined) threadOptions.execArgv = [...options.execArgv];
    try {
      this.#thread = new Thread(workerEntry('thread'), threadOptions);
    } catch (error) {
      this.crossing?.close();
      throw error;
    }
    this.id = this.#thread.threadId;
    this.#thread.on('message', (message: FromWorker) => listener.received(message));
    this.#thread.on('error', (error) => {
      this.#error = error;
    });
    this.#thread.on('exit', (exitCode) => {
      try {
        listener.exited({ exitCode, signal: undefined, error: this.#error });
      } finally {
        this.crossing?.close(); // the last, since it knows whom the thread took itself
      }
    });
  }

  /** While a loop waits its idle time grows, so two looks tell. [libuv: uv_metrics_idle_time] */
  get isIdleNow(): boolean {
    const { performance } = this.#thread;
    return performance.eventLoopUtilization().idle < performance.eventLoopUtilization().idle;
  }

  get utilization(): number {
    const { performance } = this.#thread;
    const look = performance.eventLoopUtilization();
    const last = this.#lastLook;
    this.#lastLook = look;
    return last === undefined ? look.utilization : performance.eventLoopUtilization(look, last).utilization;
  }

  send(message: ToWorker, { transfer, leaving }: Attachment = {}): void {
    if (leaving !== undefined && message.type === 'connection') {
      this.#sendGathered();
      const { id, requestId } = message;
      this.crossing!.send(leaving, { id, requestId, after: this.#posted });
      return;
    }
    if (transfer === undefined) {
      if (this.#gathered.push(message) === 1) queueMicrotask(() => this.#sendGathered());
      return;
    }
    this.#sendGathered();
    this.#posted += 1;
    this.#thread.postMessage([message], transfer as readonly Transferable[]); // newer than the type of Node's list
  }

  lend(listener: Listener, terms: Omit<LoanTerms, 'after'>): Loan | undefined {
    this.#sendGathered();
    return this.crossing?.lend?.(listener, { ...terms, after: this.#posted });
  }

  get busyMs(): number {
    return this.#thread.performance.eventLoopUtilization().active;
  }

  /** Connections that were accepted in one go travel in one message: each costs both threads some microseconds. */
  #sendGathered(): void {
    const messages = this.#gathered;
    if (messages.length === 0) return;
    this.#gathered = [];
    this.#posted += 1;
    this.#thread.postMessage(messages);
  }

  setRef(on: boolean): void {
    if (on) this.#thread.ref();
    else this.#thread.unref();
  }

  terminate(): void {
    void this.#thread.terminate();
  }
}

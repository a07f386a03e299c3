import type { Crossing, HandedOver, Listener } from '../engine/contract/connection.ts';
import type { Loan, LoanTerms } from '../engine/contract/loan.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { ToWorker } from './messages/to-worker.ts';
import type { ReportRing } from './report-ring.ts';
import type { WorkerKind } from './worker-options.ts';

/** What a pool needs of a thread or a child process. */
export interface Worker {
  readonly kind: WorkerKind;
  /** The thread's or the process's number. */
  readonly id: number;

  /** Whether its event loop waits for something to do at this moment; `undefined` where nobody can tell from outside. */
  readonly isIdleNow: boolean | undefined;

  /** The share of time that its event loop was busy since the last look, where it can be told from outside. */
  readonly utilization: number | undefined;

  /** What the worker has written down for its server, where they share memory. */
  readonly reports?: ReportRing | undefined;

  /** By which connections go to the worker without a message, where they can. */
  readonly crossing?: Crossing | undefined;

  /** Sends a message, with what cannot be copied. @throws what Node throws for something that cannot be sent. */
  send(message: ToWorker, attachment?: Attachment): void;

  /** Lets the worker take clients of a listener itself, where it can: after all that was sent before. */
  lend?(listener: Listener, terms: Omit<LoanTerms, 'after'>): Loan | undefined;

  /** Milliseconds that its event loop was busy, where it can be told from outside. */
  readonly busyMs?: number | undefined;

  /** Whether the worker keeps this process alive. */
  setRef(on: boolean): void;

  /** Ends it at once, whatever it does. {@link WorkerListener.exited} follows. */
  terminate(): void;
}

/** What goes along with a message: sockets that move to a thread, or a handle that a process gets a copy of. */
export interface Attachment {
  readonly transfer?: HandedOver['transfer'] | undefined;
  readonly handle?: HandedOver['handle'] | undefined;
  /** A connection that goes by the crossing, with the numbers of the message. */
  readonly leaving?: HandedOver['leaving'] | undefined;
}

/** What a pool learns of a worker. */
export interface WorkerListener {
  received(message: FromWorker): void;
  /** Once, and last. */
  exited(exit: WorkerExit): void;
}

/** How a worker ended. */
export interface WorkerExit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** What it did not catch, or what kept it from starting. */
  readonly error: unknown;
}

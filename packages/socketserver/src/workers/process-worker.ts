import { type ChildProcess, fork } from 'node:child_process';
import type { ResourceLimits } from 'node:worker_threads';
import { reviveError } from './error-transfer.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { ToWorker } from './messages/to-worker.ts';
import type { WorkerStart } from './messages/worker-start.ts';
import type { Attachment, Worker, WorkerListener } from './worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { workerEntry } from '../worker-entry.ts';

/** A worker that is a child process. */
export class ProcessWorker implements Worker {
  readonly kind = 'process';
  readonly isIdleNow = undefined;
  readonly utilization = undefined;
  readonly #child: ChildProcess;
  #error: unknown;

  constructor(start: WorkerStart, options: ResolvedWorkerOptions, listener: WorkerListener) {
    this.#child = fork(workerEntry('process'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...(options.execArgv ?? process.execArgv), ...heapFlags(options.resourceLimits)],
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    this.#child.on('message', (message) => this.#received(message as FromWorker, listener));
    this.#child.on('error', (error) => {
      this.#error ??= error;
      // A process that could not be started has no exit of its own. [Node: child_process 'error']
      if (this.#child.pid === undefined) {
        listener.exited({ exitCode: undefined, signal: undefined, error });
      }
    });
    this.#child.on('exit', (exitCode, signal) => {
      listener.exited({
        exitCode: exitCode ?? undefined,
        signal: signal ?? undefined,
        error: this.#error,
      });
    });
    this.#post(start);
  }

  /** -1 when the process could not be started. */
  get id(): number {
    return this.#child.pid ?? -1;
  }

  send(message: ToWorker, { handle }: Attachment = {}): void {
    this.#post(message, handle);
  }

  setRef(on: boolean): void {
    if (on) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  terminate(): void {
    this.#child.kill('SIGKILL');
  }

  #received(message: FromWorker, listener: WorkerListener): void {
    if (message.type === 'crashing') this.#error = reviveError(message.error);
    listener.received(message);
  }

  #post(message: ToWorker | WorkerStart, handle?: Attachment['handle']): void {
    // Our copy of the handle goes as soon as the message is on its way: Node itself would keep it for good where the
    // process ends before it answers. That a message cannot be sent is told by the exit of the process.
    this.#child.send(message, handle, { keepOpen: true }, () => handle?.destroy());
  }
}

/** V8's flags for those limits that it has flags for. [node --v8-options] */
function heapFlags(limits: ResourceLimits | undefined): string[] {
  const flags: string[] = [];
  if (limits?.maxOldGenerationSizeMb !== undefined) {
    flags.push(`--max-old-space-size=${limits.maxOldGenerationSizeMb}`);
  }
  if (limits?.maxYoungGenerationSizeMb !== undefined) {
    flags.push(`--max-semi-space-size=${limits.maxYoungGenerationSizeMb}`);
  }
  return flags;
}

import { Worker } from 'node:worker_threads';

/** How often a process that serves requests looks after its parent. */
const intervalMs = 1_000;

/** Places in the shared memory: whether the thread looks, how many requests run, and how many have begun. */
const LOOKS = 0;
const RUNNING = 1;
const BEGUN = 2;
const NEVER = 3;

/**
 * Ends this child process when its parent is gone, also while a handler blocks the event loop.
 *
 * A thread compares the number of the parent's process, once a second while requests run. While none do it sleeps for
 * good, so an idle process uses no CPU; the event loop sees the closed channel then.
 */
export class OrphanWatch {
  readonly #state = new Int32Array(new SharedArrayBuffer(16));

  /** @param parent - the number of the process to outlive by two seconds at most. */
  constructor(parent: number) {
    const places = { LOOKS, RUNNING, BEGUN, NEVER };
    const thread = new Worker(watchSource, {
      eval: true,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
      workerData: { state: this.#state, parent, intervalMs, ...places },
    });
    thread.unref();
  }

  /** A request begins. */
  began(): void {
    Atomics.add(this.#state, RUNNING, 1);
    Atomics.add(this.#state, BEGUN, 1);
    if (Atomics.compareExchange(this.#state, LOOKS, 0, 1) === 0) Atomics.notify(this.#state, LOOKS);
  }

  /** A request has ended. */
  ended(): void {
    Atomics.sub(this.#state, RUNNING, 1);
  }
}

const watchSource = `
  const { state, parent, intervalMs, LOOKS, RUNNING, BEGUN, NEVER } = require('node:worker_threads').workerData;
  for (;;) {
    Atomics.wait(state, LOOKS, 0);
    for (let seen = -1; ; ) {
      Atomics.wait(state, NEVER, 0, intervalMs);
      if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
      const begun = Atomics.load(state, BEGUN);
      if (Atomics.load(state, RUNNING) === 0 && begun === seen) {
        Atomics.store(state, LOOKS, 0);
        if (Atomics.load(state, BEGUN) === seen) break;
        Atomics.store(state, LOOKS, 1); // a request began meanwhile, and saw us looking
      }
      seen = begun;
    }
  }
`;

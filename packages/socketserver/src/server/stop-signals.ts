import { constants } from 'node:os';
import process from 'node:process';

/** One signal again within this time is the same request: npm passes on what the terminal has sent already. */
const repetitionMs = 250;

/** Signals that no program can take. [signal(7)] */
const uncatchable = new Set(['SIGKILL', 'SIGSTOP']);

/**
 * Who waits for each signal, for all servers of this process: it has one listener a signal, however many servers there
 * are, since Node warns of more than ten.
 */
const waiting = new Map<NodeJS.Signals, Set<(signal: NodeJS.Signals) => void>>();

/** What is to be done at signals. */
interface StopActions {
  /** Comes to an end, in good order. */
  readonly stop: () => void;
  /** Comes to an end now. */
  readonly force: () => void;
}

/** What {@link endAtSignals} runs, and how it ends that: {@link StopActions}. */
export interface EndingAtSignals {
  readonly run: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly force: () => void;
}

/** Runs something that any of these signals ends. @returns the first that came. @throws what it does, or its end. */
export async function endAtSignals(
  signals: readonly NodeJS.Signals[],
  { run, stop, force }: EndingAtSignals,
): Promise<NodeJS.Signals | undefined> {
  let stopping: Promise<void> | undefined;
  using received = new StopSignals(signals, {
    stop: () => {
      stopping = stop();
      stopping.catch(() => {}); // thrown below
    },
    force,
  });
  try {
    await run();
  } finally {
    await stopping;
  }
  return received.first;
}

/**
 * Waits for the signals that ask this process to end, until it is disposed of; after the last one for a signal, that has
 * its default effect again.
 */
class StopSignals implements Disposable {
  readonly #signals: readonly NodeJS.Signals[];
  readonly #actions: StopActions;
  #first: NodeJS.Signals | undefined;
  #last: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

  constructor(signals: readonly NodeJS.Signals[], actions: StopActions) {
    this.#signals = signals;
    this.#actions = actions;
    for (const signal of signals) {
      const listeners = waiting.get(signal);
      if (listeners === undefined) {
        waiting.set(signal, new Set([this.#received]));
        process.on(signal, tellAll);
      } else {
        listeners.add(this.#received);
      }
    }
  }

  /** The signal that came first. */
  get first(): NodeJS.Signals | undefined {
    return this.#first;
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) {
      const listeners = waiting.get(signal);
      if (listeners?.delete(this.#received) !== true || listeners.size > 0) continue;
      waiting.delete(signal);
      process.off(signal, tellAll);
    }
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    const last = this.#last;
    this.#last = { signal, at: now };
    if (last === undefined) {
      this.#first = signal;
      this.#actions.stop();
    } else if (signal !== last.signal || now - last.at >= repetitionMs) {
      this.#actions.force();
    }
  };
}

/** @throws TypeError for what is no list of signals that a program can take. */
export function checkSignals(signals: unknown): readonly NodeJS.Signals[] {
  const rule = 'Cannot serveForever: options.signals must be';
  if (!Array.isArray(signals)) throw new TypeError(`${rule} an array, got ${String(signals)}`);
  for (const signal of signals as unknown[]) {
    const isKnown = typeof signal === 'string' && Object.hasOwn(constants.signals, signal);
    if (isKnown && !uncatchable.has(signal)) continue;
    throw new TypeError(`${rule} names of signals that a program can take, got ${JSON.stringify(signal)}`);
  }
  return [...new Set(signals as NodeJS.Signals[])];
}

function tellAll(signal: NodeJS.Signals): void {
  for (const received of waiting.get(signal) ?? []) received(signal);
}

import type { CommandStatus } from '../protocol/status.ts';
import type { CommandLimits } from './command-limits.ts';

/** Who wants to run something. */
export interface CommandAsk {
  readonly commandId: string;
  readonly connectionId: string;
  /** The client, over all its connections. */
  readonly owner: string;
  readonly argv: readonly string[];
}

/** Whether a command may run now. */
export type Admission =
  | { readonly isAdmitted: true }
  | { readonly isAdmitted: false; readonly message: string; readonly retryAfterMs: number };

/** What a ledger knows. */
export interface LedgerState {
  readonly connections: number;
  readonly commands: readonly CommandStatus[];
}

/**
 * What the workers of a server share: who is connected, what runs, and what each client may still start. There is one in
 * the server's own thread; workers ask it by messages.
 */
export interface Ledger {
  connected(connectionId: string): void;
  disconnected(connectionId: string): void;
  /** Counts a command in, if the limits allow it, until {@link ended}. */
  admit(ask: CommandAsk): Promise<Admission>;
  started(commandId: string, pid: number): void;
  ended(commandId: string): void;
  state(): Promise<LedgerState>;
}

interface Entry extends CommandAsk {
  pid: number;
  startedAt: number;
}

/** What a client that is over a limit waits at least before it tries again. */
const retryAfterMs = 250;

/** The ledger itself. */
export class OwnLedger implements Ledger {
  readonly #limits: CommandLimits;
  readonly #connections = new Set<string>();
  readonly #commands = new Map<string, Entry>();
  readonly #rates = new Map<string, OpenRate>();

  constructor(limits: CommandLimits) {
    this.#limits = limits;
  }

  connected(connectionId: string): void {
    this.#connections.add(connectionId);
  }

  disconnected(connectionId: string): void {
    this.#connections.delete(connectionId);
  }

  admit(ask: CommandAsk): Promise<Admission> {
    return Promise.resolve(this.#admit(ask));
  }

  started(commandId: string, pid: number): void {
    const entry = this.#commands.get(commandId);
    if (entry === undefined) return;
    entry.pid = pid;
    entry.startedAt = Date.now();
  }

  ended(commandId: string): void {
    this.#commands.delete(commandId);
  }

  state(): Promise<LedgerState> {
    const running = [...this.#commands.values()].filter(({ pid }) => pid !== 0);
    const commands = running.map(({ commandId, pid, owner, startedAt, argv }) => ({
      commandId,
      pid,
      owner,
      startedAt,
      argv,
    }));
    return Promise.resolve({ connections: this.#connections.size, commands });
  }

  #admit(ask: CommandAsk): Admission {
    const { maxCommands, maxCommandsPerClient, maxCommandsPerConnection, opensPerSecond } = this.#limits;
    const entries = [...this.#commands.values()];
    if (entries.length >= maxCommands) return busy(`the server runs ${maxCommands} commands`);
    const ofClient = entries.filter(({ owner }) => owner === ask.owner);
    if (ofClient.length >= maxCommandsPerClient)
      return busy(`you have ${maxCommandsPerClient} commands running`);
    const ofConnection = ofClient.filter(({ connectionId }) => connectionId === ask.connectionId);
    if (ofConnection.length >= maxCommandsPerConnection)
      return busy(`this connection has ${maxCommandsPerConnection} commands running`);
    const waitMs = this.#rateOf(ask.owner).take(opensPerSecond);
    if (waitMs > 0) return busy(`you may start ${opensPerSecond} commands a second`, waitMs);
    this.#commands.set(ask.commandId, { ...ask, pid: 0, startedAt: 0 });
    return { isAdmitted: true };
  }

  #rateOf(owner: string): OpenRate {
    let rate = this.#rates.get(owner);
    if (rate === undefined) this.#rates.set(owner, (rate = new OpenRate()));
    return rate;
  }
}

/** A bucket of starts, which fills up at the rate that is allowed, to one second's worth. */
class OpenRate {
  #left: number | undefined;
  #at = performance.now();

  /** @returns milliseconds until there would be one; 0 where one was taken. */
  take(perSecond: number): number {
    if (perSecond === Infinity) return 0;
    const now = performance.now();
    const most = Math.max(1, perSecond);
    this.#left = Math.min(most, (this.#left ?? most) + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    if (this.#left < 1) return Math.ceil(((1 - this.#left) * 1_000) / perSecond);
    this.#left -= 1;
    return 0;
  }
}

function busy(message: string, waitMs = retryAfterMs): Admission {
  return { isAdmitted: false, message, retryAfterMs: waitMs };
}

import type { CommandLimits } from '../command-limits.ts';
import type { Admission, CommandAsk, ConnectionAsk, CoreState } from './core.ts';
import { OpenRate } from './open-rate.ts';

interface Entry extends CommandAsk {
  pid: number;
  startedAt: number;
}

/** What a client that is over a limit waits at least before it tries again. */
const retryAfterMs = 250;

/** How many rates are kept at least before those that are full are forgotten. */
const sweepFrom = 256;

/** Who is connected, what runs, and what each client may still start. */
export class Ledger {
  readonly #limits: CommandLimits;
  readonly #connections = new Map<string, string>();
  readonly #commands = new Map<string, Entry>();
  readonly #rates = new Map<string, OpenRate>();
  #sweepAt = sweepFrom;
  /** Commands by client and by connection. */
  readonly #counts = new Map<string, number>();

  constructor(limits: CommandLimits) {
    this.#limits = limits;
  }

  connected({ connectionId, owner }: ConnectionAsk): Admission {
    const { maxConnectionsPerClient } = this.#limits;
    if (this.#count(owner, 'connections') >= maxConnectionsPerClient) {
      return busy(`you have ${maxConnectionsPerClient} connections`);
    }
    this.#connections.set(connectionId, owner);
    this.#add(owner, 'connections', 1);
    return { isAdmitted: true };
  }

  disconnected(connectionId: string): void {
    const owner = this.#connections.get(connectionId);
    if (owner === undefined) return;
    this.#connections.delete(connectionId);
    this.#add(owner, 'connections', -1);
  }

  /** Counts a command in, if the limits allow it. */
  admit(ask: CommandAsk): Admission {
    const { maxCommands, maxCommandsPerClient, maxCommandsPerConnection } = this.#limits;
    if (this.#commands.size >= maxCommands) return busy(`the server runs ${maxCommands} commands`);
    if (this.#count(ask.owner, 'commands') >= maxCommandsPerClient)
      return busy(`you have ${maxCommandsPerClient} commands running`);
    if (this.#count(ask.connectionId, 'commands') >= maxCommandsPerConnection)
      return busy(`this connection has ${maxCommandsPerConnection} commands running`);
    const { opensPerSecond } = this.#limits;
    const waitMs = this.#rateOf(ask.owner).take(opensPerSecond);
    if (waitMs > 0) return busy(`you may start ${opensPerSecond} commands a second`, waitMs);
    this.#commands.set(ask.commandId, { ...ask, pid: 0, startedAt: 0 });
    this.#add(ask.owner, 'commands', 1);
    this.#add(ask.connectionId, 'commands', 1);
    return { isAdmitted: true };
  }

  started(commandId: string, pid: number): void {
    const entry = this.#commands.get(commandId);
    if (entry === undefined) return;
    entry.pid = pid;
    entry.startedAt = Date.now();
  }

  ended(commandId: string): void {
    const entry = this.#commands.get(commandId);
    if (entry === undefined) return;
    this.#commands.delete(commandId);
    this.#add(entry.owner, 'commands', -1);
    this.#add(entry.connectionId, 'commands', -1);
  }

  get state(): CoreState {
    const running = [...this.#commands.values()].filter(({ pid }) => pid !== 0);
    const commands = running.map(({ commandId, pid, owner, startedAt, argv }) => {
      return { commandId, pid, owner, startedAt, argv };
    });
    return { connections: this.#connections.size, commands };
  }

  #rateOf(owner: string): OpenRate {
    let rate = this.#rates.get(owner);
    if (rate !== undefined) return rate;
    if (this.#rates.size >= this.#sweepAt) this.#sweep();
    this.#rates.set(owner, (rate = new OpenRate()));
    return rate;
  }

  /** Forgets the rates that are full, which a client that went away leaves behind: not before, or coming back would fill them. */
  #sweep(): void {
    const now = performance.now();
    for (const [owner, rate] of this.#rates) {
      if (rate.isFull(this.#limits.opensPerSecond, now)) this.#rates.delete(owner);
    }
    this.#sweepAt = Math.max(sweepFrom, this.#rates.size * 2);
  }

  #count(name: string, what: 'commands' | 'connections'): number {
    return this.#counts.get(`${what} ${name}`) ?? 0;
  }

  #add(name: string, what: 'commands' | 'connections', by: 1 | -1): void {
    const count = this.#count(name, what) + by;
    if (count === 0) this.#counts.delete(`${what} ${name}`);
    else this.#counts.set(`${what} ${name}`, count);
  }
}

function busy(message: string, waitMs = retryAfterMs): Admission {
  return { isAdmitted: false, message, retryAfterMs: waitMs };
}

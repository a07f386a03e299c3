import { Penalties, type PenaltySettings, sourceOf } from './penalties.ts';

/** A request by its listener and the number that this gave it. */
export interface RequestName {
  readonly listener: number;
  readonly requestId: number;
}

/** Why a client was turned away before it was anybody. */
export interface Refusal {
  readonly fault: RefusalFault;
  readonly address: string;
  readonly reason: string;
}

/**
 * `unknown-key`: it may not come in; `no-key`: it showed none; `protocol`: it speaks something else; `silent`: it did not say who
 * it is in time; `gone`: it left before; `crowded`: others needed its place; `penalty`: its address is kept out.
 */
export type RefusalFault = 'unknown-key' | 'no-key' | 'protocol' | 'silent' | 'gone' | 'crowded' | 'penalty';

/** What a fault costs its source, in milliseconds. */
const penaltyMs: Readonly<Record<RefusalFault, number>> = {
  'unknown-key': 5_000,
  'no-key': 5_000,
  protocol: 5_000,
  silent: 10_000, // at least, as for those that have gone: for what it kept its place
  gone: 1_000,
  crowded: 0,
  penalty: 0,
};

/** What a place costs that was kept for nothing, by the time that it was: more than that, or one source could keep one for ever. */
const holdingCost = 1.4;

/** From this part of the cap on, new clients may push out others. */
const earlyDropFrom = 0.5;

/** The chance of that, at the beginning of the early drop. */
const earlyDropChance = 0.3;

/** A connection that can be ended. */
interface Resettable {
  reset(reason?: Error): void;
}

interface HalfOpen {
  readonly request: Resettable;
  readonly address: string;
  readonly source: string;
  readonly deadline: NodeJS.Timeout;
  /** When it came, by `performance.now()`. */
  readonly since: number;
}

/** Settings of an {@link IntakeGuard}. */
export interface GuardSettings {
  /** Clients at most that have not said who they are. */
  readonly maxHalfOpen: number;
  /** Milliseconds that each of them has for it. */
  readonly authenticationMs: number;
  readonly penalties: PenaltySettings;
}

/**
 * Watches over clients until they are somebody. Each has a deadline, and there is room for so many; who comes when it is scarce
 * pushes out another one, of whoever has most: so a flood ends its own connections, and a client that knows what to
 * say, which takes milliseconds, gets in.
 *
 * @see sshd_config(5), MaxStartups and LoginGraceTime
 */
export class IntakeGuard {
  readonly #settings: GuardSettings;
  readonly #penalties: Penalties;
  readonly #refused: (refusal: Refusal) => void;
  readonly #halfOpen = new Map<string, HalfOpen>();

  /** @param refused - learns of each client that is turned away. */
  constructor(settings: GuardSettings, refused: (refusal: Refusal) => void) {
    this.#settings = settings;
    this.#penalties = new Penalties(settings.penalties);
    this.#refused = refused;
  }

  /** Clients that have not said who they are. */
  get halfOpen(): number {
    return this.#halfOpen.size;
  }

  /** A client has come. @returns whether it may go on. */
  came(name: RequestName, request: Resettable, address: string): boolean {
    const ms = this.#penalties.remainingMs(address);
    if (ms > 0) {
      const reason = `its address is kept out for another ${Math.ceil(ms / 1_000)} s`;
      this.#refused({ fault: 'penalty', address, reason });
      return false;
    }
    if (this.#mustMakeRoom()) this.#pushOneOut();
    const { authenticationMs } = this.#settings;
    const reason = `it did not say who it is within ${authenticationMs} ms`;
    const expire = () => this.#end(name, { fault: 'silent', address, reason });
    const since = performance.now();
    const deadline = setTimeout(expire, Math.min(authenticationMs, 2 ** 31 - 1)).unref();
    this.#halfOpen.set(keyOf(name), { request, address, source: sourceOf(address), deadline, since });
    return true;
  }

  /** A client is somebody now. @returns whether it was still wanted. */
  authenticated(name: RequestName): boolean {
    return this.#forget(name) !== undefined;
  }

  /** A client was turned away by whoever talked to it. */
  refused(name: RequestName, refusal: Refusal): void {
    if (this.#forget(name) !== undefined) this.blamed(refusal);
  }

  /** A connection is over. */
  ended(name: RequestName): void {
    const halfOpen = this.#forget(name);
    if (halfOpen === undefined) return;
    const { address, since } = halfOpen;
    const heldMs = performance.now() - since;
    this.blamed({ fault: 'gone', address, reason: 'it left before it said who it is' }, heldMs);
  }

  close(): void {
    for (const { deadline } of this.#halfOpen.values()) clearTimeout(deadline);
    this.#halfOpen.clear();
  }

  #mustMakeRoom(): boolean {
    const { maxHalfOpen } = this.#settings;
    const used = this.#halfOpen.size / maxHalfOpen;
    if (used >= 1) return true;
    if (used < earlyDropFrom) return false;
    const chance = earlyDropChance + ((1 - earlyDropChance) * (used - earlyDropFrom)) / (1 - earlyDropFrom);
    return Math.random() < chance;
  }

  #pushOneOut(): void {
    const bySource = new Map<string, string[]>();
    for (const [key, { source }] of this.#halfOpen) {
      const keys = bySource.get(source);
      if (keys === undefined) bySource.set(source, [key]);
      else keys.push(key);
    }
    const most = [...bySource.values()].reduce((one, other) => (other.length > one.length ? other : one), []);
    const key = most[Math.floor(Math.random() * most.length)];
    const found = key === undefined ? undefined : this.#halfOpen.get(key);
    if (found === undefined) return;
    const { address } = found;
    const reason = 'it had not said who it is when others needed its place';
    this.#end(nameOf(key!), { fault: 'crowded', address, reason });
  }

  #end(name: RequestName, refusal: Refusal): void {
    const halfOpen = this.#forget(name);
    if (halfOpen === undefined) return;
    halfOpen.request.reset(new Error(refusal.reason));
    const isCrowded = refusal.fault === 'crowded'; // which is no fault
    this.blamed(refusal, isCrowded ? 0 : performance.now() - halfOpen.since);
  }

  /** Has a fault counted, told and held against its source, for longer than it kept a place. */
  blamed(refusal: Refusal, heldMs = 0): void {
    this.#penalties.add(refusal.address, Math.max(penaltyMs[refusal.fault], heldMs * holdingCost));
    this.#refused(refusal);
  }

  #forget(name: RequestName): HalfOpen | undefined {
    const key = keyOf(name);
    const halfOpen = this.#halfOpen.get(key);
    clearTimeout(halfOpen?.deadline);
    this.#halfOpen.delete(key);
    return halfOpen;
  }
}

function keyOf({ listener, requestId }: RequestName): string {
  return `${listener}:${requestId}`;
}

function nameOf(key: string): RequestName {
  const [listener, requestId] = key.split(':').map(Number) as [number, number];
  return { listener, requestId };
}

import type { Clock } from '../engine/clock.ts';
import { ServerDrainingError } from '../errors/server-errors.ts';
import { type OpenConnection, OpenConnections } from './open-connections.ts';

/** How long a drain waits for handlers to notice that their connections were reset. */
const forcedEndMs = 1_000;
/** The same where somebody asked for the end at once. */
const hurriedEndMs = 50;

/**
 * What a server waits for when it drains: connections that are open, and requests that are being processed.
 * Mostly these are the same, but a handler may outlive its connection, a connection its handler (while its last
 * bytes go out), and datagrams have none.
 */
export class RunningRequests {
  readonly #clock: Clock;
  readonly #connections = new OpenConnections();
  #processing = 0;
  #reason: Error | undefined;
  #whenIdle: (() => void) | undefined;
  #isHurried = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Looks at all connections that are open. */
  get open(): Iterable<OpenConnection> {
    return this.#connections;
  }

  /** Requests between `verifyRequest` and the end of `shutdownRequest`. */
  get processing(): number {
    return this.#processing;
  }

  opened(connection: OpenConnection): void {
    this.#connections.add(connection);
    if (this.#reason !== undefined) connection.interrupt(this.#reason);
  }

  closed(connection: OpenConnection): void {
    this.#connections.delete(connection);
    this.#checkIdle();
  }

  begin(): void {
    this.#processing += 1;
  }

  end(): void {
    this.#processing -= 1;
    this.#checkIdle();
  }

  /**
   * Tells all requests, waits up to `drainMs` for them, and resets the connections that are left: with a reason of its own where that
   * was hurried.
   *
   * @returns how many those were.
   */
  async drain(
    drainMs: number,
    { holdsProcess = true }: { readonly holdsProcess?: boolean } = {},
  ): Promise<number> {
    const reason = new ServerDrainingError(drainMs);
    this.#reason = reason;
    for (const connection of this.#connections) connection.interrupt(reason);
    if (!this.#isHurried) await this.#idle(drainMs, holdsProcess);
    const resets = this.#connections.size;
    const last = this.#isHurried ? new ServerDrainingError(0, { isForced: true }) : reason;
    for (const connection of this.#connections) connection.reset(last);
    await this.#idle(this.#isHurried ? hurriedEndMs : forcedEndMs, holdsProcess);
    return resets;
  }

  /** Has a drain that runs, or comes, wait for nobody. */
  hurry(): void {
    this.#isHurried = true;
    this.#whenIdle?.();
  }

  get #isIdle(): boolean {
    return this.#connections.size === 0 && this.#processing === 0;
  }

  #checkIdle(): void {
    if (this.#whenIdle !== undefined && this.#isIdle) this.#whenIdle();
  }

  /** Resolves when nothing runs any more, or after `ms`. */
  async #idle(ms: number, holdsProcess: boolean): Promise<void> {
    if (this.#isIdle) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle = resolve;
    const timer = ms === Infinity ? undefined : this.#clock.setTimeout(resolve, ms);
    if (!holdsProcess) timer?.unref();
    await promise;
    this.#clock.clearTimeout(timer);
  }
}

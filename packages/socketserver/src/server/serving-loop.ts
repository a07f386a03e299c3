import type { Clock } from '../engine/clock.ts';
import { ServerClosedError } from '../errors/server-errors.ts';
import { FairTurns } from './fair-turns.ts';
import type { Intake } from './intake.ts';
import type { RequestLoop } from './request-loop.ts';

/** What {@link ServingLoop} goes round with. */
export interface ServingParts {
  readonly loop: RequestLoop;
  readonly intake: Pick<Intake<unknown, unknown>, 'canTake' | 'isFull' | 'take' | 'wait'>;
  readonly clock: Clock;
  readonly isClosed: () => boolean;
}

/** A hook that is called after each request, and at least so often. */
export interface RegularCall {
  readonly call: () => Promise<void> | void;
  readonly everyMs: number;
}

/** The rounds of a server: waits for requests, and takes one after the other. */
export class ServingLoop {
  readonly #parts: ServingParts;

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Takes requests until the loop is told to stop, or the server closes. @throws what ends the loop. */
  async serve(service: RegularCall | undefined): Promise<void> {
    const { loop, intake } = this.#parts;
    const turns = new FairTurns();
    while (!this.#mustStop()) {
      let isThere = loop.backOffMs === 0 && intake.canTake;
      if (!isThere) {
        // A server that is full may be woken by a request that ends within this turn.
        if (!intake.isFull) turns.begin();
        await this.#waitForNext(service?.everyMs);
        if (this.#mustStop()) return;
        isThere = intake.canTake;
      }
      const taking = isThere ? intake.take() : undefined;
      if (taking !== undefined) await taking;
      const turn = turns.leave();
      if (turn !== undefined) await turn;
      if (service !== undefined) await service.call();
    }
  }

  /**
   * Takes one request.
   *
   * @param timeoutMs - how long it waits for that; `Infinity` for ever.
   * @returns `false` where none came.
   * @throws ServerClosedError where the server is closed meanwhile; what ends the loop.
   */
  async takeOne(timeoutMs: number): Promise<boolean> {
    const { loop, intake, clock, isClosed } = this.#parts;
    if (loop.backOffMs > 0) await loop.waitFor(undefined, loop.backOffMs);
    const deadline = clock.now() + timeoutMs;
    while (!intake.canTake) {
      const ms = deadline - clock.now();
      if (ms <= 0) return false;
      await intake.wait(ms === Infinity ? undefined : ms);
      if (isClosed()) throw new ServerClosedError('handleRequest');
    }
    await intake.take();
    return true;
  }

  #waitForNext(ms: number | undefined): Promise<void> {
    const { loop, intake } = this.#parts;
    return loop.backOffMs > 0 ? loop.waitFor(undefined, loop.backOffMs) : intake.wait(ms);
  }

  #mustStop(): boolean {
    return this.#parts.isClosed() || this.#parts.loop.mustStop;
  }
}

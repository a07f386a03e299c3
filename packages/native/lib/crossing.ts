import type { NativeConnection } from './connection.ts';
import type { Crossing, CrossingNotes, Listener, LoanTerms } from './contract.ts';
import type { NativeEngine } from './engine.ts';
import type { NativeListener } from './listener.ts';
import { NativeLoan } from './loan.ts';

/** The near end of a way for connections to another thread. */
export class NativeCrossing implements Crossing {
  readonly number: number;
  readonly #engine: NativeEngine;

  constructor(engine: NativeEngine) {
    this.number = engine.binding.openCrossing();
    this.#engine = engine;
  }

  send(connection: NativeConnection, notes: CrossingNotes): void {
    connection.leaveBy(this.number, notes);
  }

  lend(listener: Listener, { number, after, quota }: LoanTerms): NativeLoan | undefined {
    const engine = this.#engine;
    const ours = listener as NativeListener;
    const status = engine.binding.lend(ours.slot, ours.generation, this.number, number, after, quota);
    return status < 0 ? undefined : new NativeLoan(engine, ours, this.number);
  }

  close(): void {
    this.#engine.binding.closeCrossing(this.number);
  }
}

import type { Binding } from './binding.ts';
import type { NativeConnection } from './connection.ts';
import type { Crossing, CrossingNotes } from './contract.ts';

/** The near end of a way for connections to another thread. */
export class NativeCrossing implements Crossing {
  readonly number: number;
  readonly #binding: Binding;

  constructor(binding: Binding) {
    this.number = binding.openCrossing();
    this.#binding = binding;
  }

  send(connection: NativeConnection, notes: CrossingNotes): void {
    connection.leaveBy(this.number, notes);
  }

  close(): void {
    this.#binding.closeCrossing(this.number);
  }
}

import type { Arrivals, Connection, CrossingNotes } from '../engine/contract/connection.ts';
import type { ToWorker } from './messages/to-worker.ts';
import type { RequestService } from './request-service.ts';

/** What came before the messages that its sender had sent before it. */
interface Early {
  readonly connection: Connection;
  readonly notes: CrossingNotes;
}

/**
 * What comes to a worker thread: messages, and connections by a crossing. The two ways know nothing of each other, and here
 * they are put into the order in which the server sent them.
 */
export class ThreadInbox {
  readonly #service: RequestService;
  readonly #arrivals: Arrivals | undefined;
  readonly #early: Early[] = [];
  /** Messages that were received. */
  #received = 0;

  /** @param crossing - the number of the crossing, where there is one. */
  constructor(service: RequestService, crossing: number | undefined) {
    this.#service = service;
    if (crossing === undefined) return;
    this.#arrivals = service.engine.joinCrossing!(crossing, (connection, notes) =>
      this.#arrived(connection, notes),
    );
  }

  /** A message has come. */
  posted(parts: readonly ToWorker[]): void {
    this.#arrivals?.receive(); // what was sent before it is here
    for (const part of parts) this.#service.received(part);
    this.#received += 1;
    while (this.#early.length > 0 && this.#early[0]!.notes.after <= this.#received) {
      const { connection, notes } = this.#early.shift()!;
      this.#service.serve(connection, notes);
    }
  }

  #arrived(connection: Connection, notes: CrossingNotes): void {
    if (notes.after > this.#received) this.#early.push({ connection, notes });
    else this.#service.serve(connection, notes);
  }
}

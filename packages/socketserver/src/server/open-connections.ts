/** What a drain does to a connection. */
export interface OpenConnection {
  /** Where {@link OpenConnections} has it; for nobody else to touch. */
  place: number;
  /** Tells the handler to come to an end. */
  interrupt(reason: Error): void;
  /** Ends the connection now. */
  reset(reason: Error): void;
}

/**
 * Connections that are open, in no order.
 *
 * Not a `Set`: when that grows or is cleaned of holes, V8 keeps a reference from its old table to the new one, for iterators
 * that run. Once an old table lies among the old objects, the new one lives as long as that does, with the connections
 * that were in it, and so do all after it, dead as they are, until the next full collection.
 * [V8: OrderedHashTable::SetNextTable]
 */
export class OpenConnections {
  readonly #all: OpenConnection[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Does nothing for one that is in. */
  add(connection: OpenConnection): void {
    if (this.#all[connection.place] === connection) return;
    connection.place = this.#all.length;
    this.#all.push(connection);
  }

  /** Takes one out that is in. The last one takes its place. */
  delete(connection: OpenConnection): void {
    const all = this.#all;
    const { place } = connection;
    if (all[place] !== connection) return;
    const last = all.pop()!;
    if (last === connection) return;
    all[place] = last;
    last.place = place;
  }

  /** Gives those that are open now, but for any that are closed before their turn. */
  *[Symbol.iterator](): Iterator<OpenConnection> {
    for (const connection of this.#all.slice()) {
      if (this.#all[connection.place] === connection) yield connection;
    }
  }
}

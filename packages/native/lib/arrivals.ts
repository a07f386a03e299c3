import { NativeConnection } from './connection.ts';
import type { CrossingNotes, SocketAddress } from './contract.ts';
import type { NativeEngine } from './engine.ts';
import {
  ARRIVAL_COUNT,
  ARRIVAL_FAMILY,
  ARRIVAL_FD,
  ARRIVAL_GENERATION,
  ARRIVAL_HOST,
  ARRIVAL_NOTES,
  ARRIVAL_PORT,
  ARRIVAL_SLOT,
  ARRIVAL_WORDS,
  FAMILY_IPV4,
  FAMILY_UNIX,
  MAX_ARRIVALS,
} from './layout.ts';
import { inetAddress } from './mailbox.ts';
import { osError } from './os-error.ts';

/** Gets what comes by a crossing, in order. */
export type Arrived = (connection: NativeConnection, notes: CrossingNotes) => void;

/** The far end of a way for connections: those that another thread has sent are this thread's. */
export class Arrivals {
  readonly #engine: NativeEngine;
  readonly #arrived: Arrived;
  readonly #records = new Float64Array(MAX_ARRIVALS * ARRIVAL_WORDS);

  /** @throws the operating system's error: `ENOENT` for a crossing that is closed, `EALREADY` for a second one. */
  constructor(engine: NativeEngine, number: number, arrived: Arrived) {
    this.#engine = engine;
    this.#arrived = arrived;
    engine.mailbox.reserveSlots(MAX_ARRIVALS);
    const status = engine.binding.joinCrossing(number, this.#records);
    if (status < 0) throw osError(status, 'join');
  }

  /** Takes what was sent until now. Without this call it comes in one of the next turns. */
  receive(): void {
    for (let count = -1; count !== 0;) {
      count = this.#engine.binding.takeArrivals();
      this.#take(count);
    }
  }

  /** The engine calls this with each batch of news. */
  onNews(): void {
    this.#take(this.#engine.mailbox.header[ARRIVAL_COUNT]!);
  }

  #take(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const at = index * ARRIVAL_WORDS;
      const records = this.#records;
      const { mailbox } = this.#engine;
      mailbox.nameConnection(
        records[at + ARRIVAL_SLOT]!,
        records[at + ARRIVAL_GENERATION]!,
        records[at + ARRIVAL_FD]!,
      );
      const connection = this.#engine.enter(new NativeConnection(this.#engine, this.#addressOf(index)));
      const id = records[at + ARRIVAL_NOTES]!;
      const requestId = records[at + ARRIVAL_NOTES + 1]!;
      const after = records[at + ARRIVAL_NOTES + 2]!;
      try {
        this.#arrived(connection, { id, requestId, after });
      } catch (error) {
        // The others of the batch are here too, and nobody else would tell of them.
        process.nextTick(() => {
          throw error;
        });
      }
    }
    this.#engine.mailbox.reserveSlots(MAX_ARRIVALS);
  }

  #addressOf(index: number): SocketAddress {
    const at = index * ARRIVAL_WORDS;
    const family = this.#records[at + ARRIVAL_FAMILY]!;
    const port = this.#records[at + ARRIVAL_PORT]!;
    if (family === FAMILY_IPV4) {
      return inetAddress(this.#engine.mailbox.hosts.textOf(this.#records[at + ARRIVAL_HOST]! | 0), port);
    }
    const name = this.#engine.binding.arrivalName(index);
    return family === FAMILY_UNIX ? name : inetAddress(name, port);
  }
}

/**
 * Memory that a worker thread shares with its server, in which it writes down how requests ended: neither side makes a
 * message of that, and the server's thread is not woken for it.
 *
 * Before the records stand three counters: of records written, of records read, and of signs of life.
 *
 *     written | read | beats | unused … | record 0 | record 1 | … |
 *     record: kind, the pool's number of the request, bytes read, bytes written
 */

/** What a record is about. */
export const requestEnded = 0;
export const connectionClosed = 1;

const records = 512;
const wordsOfRecord = 4;
/** A cache line for the counters. */
const controlBytes = 64;

const written = 0;
const read = 1;
const beats = 2;

/** Takes a record: one of {@link requestEnded} and {@link connectionClosed}, the request, and of a connection its bytes. */
export type TakeRecord = (kind: number, id: number, bytesRead: number, bytesWritten: number) => void;

/** One thread writes, the other reads. */
export class ReportRing {
  /** What goes to the thread. */
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #records: Float64Array;

  /** @param memory - of the ring at the other end; without it a new one is made. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(controlBytes + records * wordsOfRecord * 8);
    this.#control = new Int32Array(this.memory, 0, controlBytes / 4);
    this.#records = new Float64Array(this.memory, controlBytes);
  }

  /** Whether the other side has read everything. */
  get isRead(): boolean {
    return this.unread === 0;
  }

  /** Records that the other side has not read. */
  get unread(): number {
    return (Atomics.load(this.#control, written) - this.#next) | 0;
  }

  /** Signs of life of the thread so far; they wrap around. */
  get beats(): number {
    return Atomics.load(this.#control, beats);
  }

  /** The thread moves. */
  beat(): void {
    Atomics.add(this.#control, beats, 1);
  }

  /** Writes one down, which is a sign of life. @returns whether there was room. */
  write(kind: number, id: number, bytesRead: number, bytesWritten: number): boolean {
    const next = Atomics.load(this.#control, written);
    if (((next - this.#next) | 0) >= records) return false;
    const at = (next & (records - 1)) * wordsOfRecord;
    this.#records[at] = kind;
    this.#records[at + 1] = id;
    this.#records[at + 2] = bytesRead;
    this.#records[at + 3] = bytesWritten;
    Atomics.store(this.#control, written, (next + 1) | 0);
    this.beat();
    return true;
  }

  /**
   * Reads what is there, in order. What `take` throws ends that; the record counts as read. `take` may read on itself, as who
   * is told of an end may ask how the server does: the place is kept in the ring alone.
   */
  take(take: TakeRecord): void {
    const end = Atomics.load(this.#control, written);
    for (let next = this.#next; ((end - next) | 0) > 0; next = this.#next) {
      const at = (next & (records - 1)) * wordsOfRecord;
      const kind = this.#records[at]!;
      const id = this.#records[at + 1]!;
      const bytesRead = this.#records[at + 2]!;
      const bytesWritten = this.#records[at + 3]!;
      Atomics.store(this.#control, read, (next + 1) | 0);
      take(kind, id, bytesRead, bytesWritten);
    }
  }

  /** The number of the record that is read next. */
  get #next(): number {
    return Atomics.load(this.#control, read);
  }
}

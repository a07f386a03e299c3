import type { Message } from '../protocol/message.ts';

/** Bytes of data that go out in one piece, between which control messages get their turn. */
const batchBytes = 131_072;

/** Bytes of data that may wait to be sent: who brings more waits. */
const queueBytes = 262_144;

/** A message that keeps its place behind the data before it. */
export type OrderedMessage = Extract<Message, { readonly type: 'data' | 'eof' | 'exit' }>;

/** What waits to be sent over a link, in its order: control messages, then data and what belongs behind it. */
export class SendQueue {
  #control: Message[] = [];
  #ordered: OrderedMessage[] = [];
  #bytes = 0;
  readonly #senders: (() => void)[] = [];
  #watchers: (() => void)[] = [];
  /** Watchers whose messages are on their way. */
  #leaving: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#control.length + this.#ordered.length === 0;
  }

  /** Control messages that wait. */
  get controlMessages(): number {
    return this.#control.length;
  }

  addControl(message: Message): void {
    this.#control.push(message);
  }

  /** Resolves when more may be brought. */
  addOrdered(message: OrderedMessage): Promise<void> {
    this.#ordered.push(message);
    if (message.type === 'data') this.#bytes += message.bytes.length;
    if (this.#bytes < queueBytes) return Promise.resolve();
    return new Promise((resolve) => this.#senders.push(resolve));
  }

  /** Takes what goes out next. */
  nextBatch(): Message[] {
    const batch = this.#control;
    this.#control = [];
    this.#leaving = this.#watchers;
    this.#watchers = [];
    let bytes = 0;
    let count = 0;
    while (count < this.#ordered.length && bytes < batchBytes) {
      const message = this.#ordered[count]!;
      if (message.type === 'data') bytes += message.bytes.length;
      batch.push(message);
      count += 1;
    }
    this.#ordered = this.#ordered.slice(count);
    this.#bytes -= bytes;
    return batch;
  }

  /** Resolves when the control messages that were added so far have gone out, or nothing goes out any more. */
  whenSent(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  /** A batch has gone out. */
  sent(): void {
    letGo(this.#leaving);
    if (this.#control.length === 0) letGo(this.#watchers);
    if (this.#bytes < queueBytes) letGo(this.#senders);
  }

  /** Forgets all of it: nothing goes out any more. */
  clear(): void {
    this.#control = [];
    this.#ordered = [];
    this.#bytes = 0;
    this.sent();
  }
}

function letGo(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

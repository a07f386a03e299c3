/** What a member is still to be sent, in bounded memory: beyond `maxLines` lines the newest are left out and counted. */
export class Outbox {
  readonly #maxLines: number;
  #lines: string[] = [];
  #missed = 0;
  #filled = Promise.withResolvers<void>();

  constructor(maxLines: number) {
    this.#maxLines = maxLines;
  }

  /** Never waits: a member that reads slowly holds up nobody but itself. */
  post(line: string): void {
    if (this.#lines.length < this.#maxLines) this.#lines.push(line);
    else this.#missed += 1;
    this.#filled.resolve();
  }

  /** Waits until there is something, and takes all of it. */
  async take(): Promise<string> {
    await this.#filled.promise;
    if (this.#missed > 0) this.#lines.push(`* you read too slowly and missed ${this.#missed} lines\n`);
    const text = this.#lines.join('');
    this.#lines = [];
    this.#missed = 0;
    this.#filled = Promise.withResolvers<void>();
    return text;
  }
}

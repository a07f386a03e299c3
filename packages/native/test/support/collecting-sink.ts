import type { Connection, ConnectionSink } from '../../lib/contract.ts';

/** A sink that pulls: it reads only while somebody waits for bytes, and remembers everything it was told. */
export class CollectingSink implements ConnectionSink {
  readonly news: string[] = [];
  readonly connection: Connection;
  readonly closedOnce = Promise.withResolvers<Error | undefined>();
  drainedOnce = Promise.withResolvers<void>();
  #chunks: Buffer[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.start(this);
  }

  received(bytes: Buffer): boolean {
    this.news.push('received');
    this.#chunks.push(bytes);
    this.#wake?.();
    return false;
  }

  ended(): void {
    this.news.push('ended');
    this.#isOver = true;
    this.#wake?.();
  }

  drained(): void {
    this.news.push('drained');
    this.drainedOnce.resolve();
    this.drainedOnce = Promise.withResolvers<void>();
  }

  closed(error: Error | undefined): void {
    this.news.push('closed');
    this.#isOver = true;
    this.#wake?.();
    this.closedOnce.resolve(error);
    this.drainedOnce.resolve();
  }

  /** Gives what has come, or waits for more; an empty buffer at the end. */
  async read(): Promise<Buffer> {
    while (this.#chunks.length === 0 && !this.#isOver) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.connection.resume();
      await promise;
    }
    return Buffer.concat(this.#chunks.splice(0));
  }

  /** Reads until the peer ends or the connection closes. */
  async readAll(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const chunk = await this.read();
      if (chunk.length === 0) return Buffer.concat(chunks);
      chunks.push(chunk);
    }
  }

  /** Reads at least `length` bytes, unless the end comes first. */
  async readAtLeast(length: number): Promise<Buffer> {
    let bytes = Buffer.alloc(0);
    while (bytes.length < length) {
      const chunk = await this.read();
      if (chunk.length === 0) return bytes;
      bytes = Buffer.concat([bytes, chunk]);
    }
    return bytes;
  }

  /** Writes, and waits until the memory is free again. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.connection.write(bytes)) await this.drainedOnce.promise;
  }
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { MessageChannel, type Transferable } from 'node:worker_threads';
import { leaveEngine } from '../../../src/engine/connection-duplex.ts';
import type { Connection } from '../../../src/engine/contract/connection.ts';
import type { Engine } from '../../../src/engine/contract/engine.ts';
import type { NodeStream } from '../../../src/engine/contract/node-stream.ts';
import { until } from '../../support/until.ts';
import type { LockstepConnection, OtherThread } from './other-thread.ts';
import type { Place } from './script.ts';

/** What an end of a connection was told, as far as two engines must agree. */
export interface Outcome {
  readonly received: number;
  readonly hash: string;
  /** In order; deliveries that follow each other are one, since how they are cut is a matter of time. */
  readonly news: readonly string[];
}

/** The byte at a position of a stream: not periodic in any buffer's size. */
function byteAt(position: number): number {
  return (position * 31 + (position >>> 8) * 17 + (position >>> 16) * 7) & 255;
}

/** Where connections go that are handed over: the engine of this thread, or another thread that has the same. */
export interface Ways {
  readonly engine: Engine;
  readonly thread: OtherThread;
}

/** One end of a connection, in an engine or as a stream of Node's that has left it; it notes what it is told. */
export class End {
  readonly #ways: Ways;
  #connection: LockstepConnection;
  #stream: NodeStream | undefined;
  readonly #hash = createHash('sha256');
  readonly #news: string[] = [];
  #isPaused = false;
  written = 0;
  received = 0;
  hasEnded = false;
  isClosed = false;

  private constructor(ways: Ways, connection: Connection) {
    this.#ways = ways;
    this.#connection = connection;
  }

  /** @param move - where it goes first, before anything is read. */
  static async of(ways: Ways, connection: Connection, move: Place | undefined): Promise<End> {
    const end = new End(ways, connection);
    if (move !== undefined) end.#connection = await end.#moved(move);
    end.#start();
    return end;
  }

  write(length: number): void {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) bytes[index] = byteAt(this.written + index);
    this.written += length;
    if (this.#stream === undefined) this.#connection.write(bytes);
    else this.#stream.write(bytes);
  }

  endWrite(): void {
    if (this.#stream === undefined) this.#connection.endWrite();
    else this.#stream.end();
  }

  close(): void {
    const stream = this.#stream;
    if (stream === undefined) this.#connection.close();
    else stream.end(() => stream.destroy());
  }

  reset(): void {
    if (this.#stream === undefined) this.#connection.reset();
    else this.#stream.resetAndDestroy();
  }

  /** Frees what a script that failed has left open. */
  abandon(): void {
    if (this.#stream === undefined) this.#connection.reset();
    else this.#stream.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#stream === undefined) this.#connection.resume();
    else this.#stream.resume();
  }

  /** Goes on as a stream of Node's. Nothing may be on the way. */
  leave(): void {
    this.#stream = leaveEngine(this.#connection as Connection);
    const stream = this.#stream;
    let failure: Error | undefined;
    stream.on('data', (bytes: Buffer) => this.#received(bytes));
    stream.on('end', () => this.#ended());
    stream.on('error', (error) => (failure = error));
    stream.on('close', () => this.#closed(failure));
  }

  /** Goes through a message, or to another thread, with bytes of its peer unread. */
  async handOver(peer: End, length: number, to: Place): Promise<void> {
    this.pause();
    const before = this.received;
    peer.write(length);
    await until(() => this.received > before);
    this.#connection = await this.#moved(to);
    this.#start();
  }

  outcome(): Outcome {
    return { received: this.received, hash: this.#hash.copy().digest('hex'), news: [...this.#news] };
  }

  async #moved(to: Place): Promise<LockstepConnection> {
    if (to === 'thread') return this.#ways.thread.take(this.#connection);
    const { message, transfer = [] } = this.#connection.handOver('thread');
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(message, transfer as readonly Transferable[]);
    const [moved] = (await once(port2, 'message')) as [unknown];
    port1.close();
    return this.#ways.engine.adopt({ message: moved });
  }

  #start(): void {
    const connection = this.#connection;
    const isCurrent = (): boolean => this.#connection === connection && this.#stream === undefined;
    connection.start({
      received: (bytes) => {
        this.#received(bytes);
        return !this.#isPaused;
      },
      ended: () => this.#ended(),
      drained: () => {},
      closed: (error) => {
        if (isCurrent()) this.#closed(error);
      },
    });
    this.resume();
  }

  #received(bytes: Uint8Array): void {
    assert.ok(!this.hasEnded && !this.isClosed, 'bytes after the end');
    this.received += bytes.length;
    this.#hash.update(bytes);
    if (this.#news.at(-1) !== 'bytes') this.#news.push('bytes');
  }

  #ended(): void {
    assert.ok(!this.hasEnded && !this.isClosed, 'a second end');
    this.hasEnded = true;
    this.#news.push('ended');
  }

  #closed(error: NodeJS.ErrnoException | undefined): void {
    assert.ok(!this.isClosed, 'closed twice');
    this.isClosed = true;
    this.#news.push(error === undefined ? 'closed' : `closed with ${error.code}`);
  }
}

import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import type { Connection, ConnectionSink } from '../../../src/engine/contract/connection.ts';

/** What is asked of a connection in the other thread. */
export type Order =
  | { readonly kind: 'start' | 'resume' | 'endWrite' | 'close' | 'reset' }
  | { readonly kind: 'write'; readonly bytes: Uint8Array };

/** What is told of it. */
export type News =
  | { readonly kind: 'received'; readonly bytes: Uint8Array }
  | { readonly kind: 'ended' }
  | { readonly kind: 'closed'; readonly code: string | undefined };

/** What an end of a connection is asked for in these tests. */
export type LockstepConnection = Pick<
  Connection,
  'start' | 'resume' | 'write' | 'endWrite' | 'close' | 'reset' | 'handOver'
>;

/** A thread with an engine of its own, to which connections can be handed over. */
export class OtherThread implements AsyncDisposable {
  readonly #worker: Worker;

  constructor(engine: 'node' | 'native') {
    this.#worker = new Worker(new URL('./other-thread-entry.ts', import.meta.url), { workerData: engine });
  }

  take(connection: Pick<Connection, 'handOver'>): LockstepConnection {
    const { message, transfer = [] } = connection.handOver('thread');
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ port: port2, message }, [port2, ...(transfer as readonly Transferable[])]);
    return new ElsewhereConnection(port1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A connection that another thread has adopted. */
class ElsewhereConnection implements LockstepConnection {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  start(sink: ConnectionSink): void {
    this.#order({ kind: 'start' });
    this.#port.on('message', (news: News) => {
      if (news.kind === 'received') {
        if (sink.received(Buffer.from(news.bytes))) this.resume();
      } else if (news.kind === 'ended') {
        sink.ended();
      } else {
        this.#port.close();
        sink.closed(news.code === undefined ? undefined : Object.assign(new Error(), { code: news.code }));
      }
    });
  }

  resume(): void {
    this.#order({ kind: 'resume' });
  }

  write(bytes: Uint8Array): boolean {
    this.#order({ kind: 'write', bytes });
    return true;
  }

  endWrite(): void {
    this.#order({ kind: 'endWrite' });
  }

  close(): boolean {
    this.#order({ kind: 'close' });
    return false;
  }

  reset(): void {
    this.#order({ kind: 'reset' });
  }

  handOver(): never {
    throw new Error('It stays where it is');
  }

  #order(order: Order): void {
    this.#port.postMessage(order);
  }
}

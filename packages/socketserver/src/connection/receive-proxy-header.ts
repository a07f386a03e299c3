import { clockOf } from '../engine/clock.ts';
import type { Connection, ConnectionSink } from '../engine/contract/connection.ts';
import { ProxyHeaderError, type ProxyHeaderFault } from '../errors/proxy-header-error.ts';
import { parseProxyHeader } from '../proxy-protocol/parse-proxy-header.ts';
import { Deadline } from '../request/deadline.ts';
import { ProxiedConnection, type ReceivedHeader } from './proxied-connection.ts';

/** Options of {@link receiveProxyHeader}. */
export interface ReceiveHeaderOptions {
  /** Milliseconds until the header must be complete; `Infinity` for no limit. */
  readonly proxyHeaderMs: number;
  /** Bytes that it may have. */
  readonly maxHeaderBytes: number;
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Reads the PROXY header of a connection.
 *
 * @param connection - accepted and unread; it belongs to this call from now on, and is reset if the header does not come.
 * @returns a connection of the same contract that begins behind the header, and can still be handed over.
 * @throws {@link ProxyHeaderError}; the signal's reason.
 */
export async function receiveProxyHeader(
  connection: Connection,
  { proxyHeaderMs, maxHeaderBytes, signal }: ReceiveHeaderOptions,
): Promise<ProxiedConnection> {
  const reader = new HeaderReader(maxHeaderBytes);
  const deadline = new Deadline(clockOf(connection));
  const giveUp = () => reader.fail(signal.reason as Error);
  signal.addEventListener('abort', giveUp);
  if (proxyHeaderMs !== Infinity) deadline.arm(proxyHeaderMs, () => reader.expired(proxyHeaderMs));
  connection.start(reader);
  connection.resume();
  try {
    return new ProxiedConnection(connection, await reader.done);
  } catch (error) {
    connection.reset();
    throw error;
  } finally {
    deadline.close();
    signal.removeEventListener('abort', giveUp);
  }
}

/** Takes the first bytes of a connection, up to the delivery in which its header ends. */
class HeaderReader implements ConnectionSink {
  readonly done: Promise<ReceivedHeader>;
  readonly #maxBytes: number;
  readonly #resolve: (received: ReceivedHeader) => void;
  readonly #reject: (error: Error) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes that must be there before there can be a header. */
  #wanted = 1;

  constructor(maxBytes: number) {
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedHeader>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#maxBytes = maxBytes;
  }

  received(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return true;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return this.#parse(bytes);
  }

  ended(): void {
    this.fail(this.#fault('closed', `the peer ended the connection after ${this.#length} bytes`));
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    this.fail(this.#fault('closed', `the connection was closed after ${this.#length} bytes`, error));
  }

  expired(ms: number): void {
    this.fail(this.#fault('timeout', `it was not there within ${ms} ms`));
  }

  /** Ends the wait, if it has not ended. */
  fail(error: Error): void {
    this.#reject(error);
  }

  /** @returns whether to go on reading. */
  #parse(bytes: Buffer): boolean {
    try {
      const parsed = parseProxyHeader(bytes, { maxBytes: this.#maxBytes });
      if (parsed.header !== undefined) this.#resolve({ ...parsed, bytes });
      else this.#wanted = bytes.length + parsed.missing;
      return parsed.header === undefined;
    } catch (error) {
      this.#reject(error as Error);
      return false;
    }
  }

  #fault(fault: ProxyHeaderFault, message: string, cause?: Error): ProxyHeaderError {
    const options = cause === undefined ? undefined : { cause };
    return new ProxyHeaderError(message, { fault, offset: this.#length }, options);
  }
}

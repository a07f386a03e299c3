import type { SocketAddress } from '../address/socket-address.ts';
import { type Transferred, transferError } from './error-transfer.ts';

/** A datagram as it goes from a worker to its server. */
export interface PlainDatagram {
  /** The server's number for it; one of the worker's where that took it itself. */
  readonly requestId: number;
  readonly clientAddress: SocketAddress;
  readonly bytes: Uint8Array;
  readonly isTruncated: boolean;
}

/** A datagram that a worker took from its own socket, and whose handler threw. */
export interface FailedDatagram extends PlainDatagram {
  readonly error: Transferred;
  readonly fault: 'peer-gone' | undefined;
}

/** What a worker did with the datagrams of its own socket since it last told. */
export interface OwnRequests {
  readonly accepted: number;
  readonly served: number;
  /** Bytes of the datagrams that it received, and of those that it sent. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly failed: readonly FailedDatagram[];
  /** Senders of those that were longer than `maxPacketSize`. */
  readonly truncated: readonly SocketAddress[];
  /** Datagrams that were dropped because too many waited. */
  readonly dropped: number;
  /** What the operating system answered to receiving. */
  readonly receiveErrors: readonly Transferred[];
  /** Handlers that run now. */
  readonly running: number;
}

/** Counts what a worker does with the datagrams of its own socket. */
export class OwnRequestCounts {
  readonly #running = new Set<PlainDatagram>();
  #accepted = 0;
  #served = 0;
  #bytesRead = 0;
  #bytesWritten = 0;
  #dropped = 0;
  #failed: FailedDatagram[] = [];
  #truncated: SocketAddress[] = [];
  #receiveErrors: Transferred[] = [];
  #hasNews = false;

  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** Datagrams whose handlers run. */
  get running(): PlainDatagram[] {
    return [...this.#running].map(plain);
  }

  began(datagram: PlainDatagram): void {
    this.#running.add(datagram);
    this.#accepted += 1;
    this.#bytesRead += datagram.bytes.length;
    if (datagram.isTruncated) this.#truncated.push(datagram.clientAddress);
    this.#hasNews = true;
  }

  /** @param failure - what the handler threw, if it did. */
  ended(datagram: PlainDatagram, failure?: Pick<FailedDatagram, 'error' | 'fault'>): void {
    this.#running.delete(datagram);
    if (failure === undefined) this.#served += 1;
    else this.#failed.push({ ...plain(datagram), ...failure });
    this.#hasNews = true;
  }

  sent(bytes: number): void {
    this.#bytesWritten += bytes;
    this.#hasNews = true;
  }

  receiveFailed(error: unknown): void {
    this.#receiveErrors.push(transferError(error));
    this.#hasNews = true;
  }

  dropped(count: number): void {
    if (count === 0) return;
    this.#dropped += count;
    this.#hasNews = true;
  }

  /** Takes the news; `undefined` when there is none. */
  take(): OwnRequests | undefined {
    if (!this.#hasNews) return undefined;
    const news = {
      accepted: this.#accepted,
      served: this.#served,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      failed: this.#failed,
      truncated: this.#truncated,
      dropped: this.#dropped,
      receiveErrors: this.#receiveErrors,
      running: this.#running.size,
    };
    this.#accepted = 0;
    this.#served = 0;
    this.#bytesRead = 0;
    this.#bytesWritten = 0;
    this.#dropped = 0;
    this.#failed = [];
    this.#truncated = [];
    this.#receiveErrors = [];
    this.#hasNews = false;
    return news;
  }
}

/** A view would be sent with everything that lies around it. [structured clone] */
function plain({ requestId, clientAddress, bytes, isTruncated }: PlainDatagram): PlainDatagram {
  return { requestId, clientAddress, bytes: Uint8Array.from(bytes), isTruncated };
}

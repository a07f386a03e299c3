import type { SocketAddress } from './contract.ts';
import { errnoOf, osError } from './os-error.ts';

const EAGAIN = errnoOf('EAGAIN');
/** Nothing tells when the queue of a Unix receiver has room again, so the sender asks, ever more rarely. */
const MIN_RETRY_MS = 1;
const MAX_RETRY_MS = 64;

/** Sends a datagram, from an address of ours where one is given. Gives 0 or a negative errno. */
type SendNow = (bytes: Uint8Array, address: SocketAddress, from: SocketAddress | undefined) => number;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly address: SocketAddress;
  readonly from: SocketAddress | undefined;
  resolve(): void;
  reject(error: Error): void;
}

/** Datagrams for which the kernel had no room, and the promises of those who sent them. */
export class WaitingDatagrams {
  readonly #sendNow: SendNow;
  readonly #retries: boolean;
  #waiting: Waiting[] = [];
  #retry: NodeJS.Timeout | undefined;
  #retryMs = MIN_RETRY_MS;

  /**
   * @param retries whether to ask again by the clock, where nobody calls {@link send} when there is room.
   */
  constructor(sendNow: SendNow, retries: boolean) {
    this.#sendNow = sendNow;
    this.#retries = retries;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves when the kernel has taken the datagram. */
  add(bytes: Uint8Array, address: SocketAddress, from: SocketAddress | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, address, from, resolve, reject });
    this.#retryLater();
    return promise;
  }

  /** Sends what the kernel takes, to each receiver in order. One that takes nothing does not hold up the others. */
  send(): void {
    const waiting = this.#waiting;
    const full = new Set<string>();
    this.#waiting = [];
    for (const one of waiting) {
      const receiver = String(one.address);
      const status = full.has(receiver) ? EAGAIN : this.#sendNow(one.bytes, one.address, one.from);
      if (status === EAGAIN) {
        full.add(receiver);
        this.#waiting.push(one);
        continue;
      }
      this.#retryMs = MIN_RETRY_MS;
      if (status === 0) one.resolve();
      else one.reject(osError(status, 'send', one.address));
    }
    this.#retryLater();
  }

  /** Rejects all with `ECANCELED`. */
  cancel(): void {
    clearTimeout(this.#retry);
    for (const one of this.#waiting.splice(0)) one.reject(osError(errnoOf('ECANCELED'), 'send', one.address));
  }

  #retryLater(): void {
    if (!this.#retries || this.isEmpty || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      this.send();
    }, this.#retryMs);
  }
}

import type { Datagram, SocketAddress } from './contract.ts';
import type { Hosts } from './hosts.ts';
import { DATAGRAM_WORDS, FAMILY_IPV4, FAMILY_UNIX, MAX_DATAGRAMS } from './layout.ts';

/**
 * Datagrams that one `recvmmsg(2)` brought, until they are taken. Their records are copied, since the next port
 * reuses the memory they come in; their bytes are the receiver's for good.
 */
export class ReceivedBatch {
  readonly #hosts: Hosts;
  readonly #records = new Int32Array(MAX_DATAGRAMS * DATAGRAM_WORDS);
  #bytes: Buffer = Buffer.alloc(0);
  #next = 0;
  #count = 0;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  get isEmpty(): boolean {
    return this.#next === this.#count;
  }

  /** Holds `count` datagrams, whose `records` refer to `bytes`, in place of those before. */
  fill(records: Int32Array, bytes: Buffer, count: number): void {
    this.#records.set(records);
    this.#bytes = bytes;
    this.#next = 0;
    this.#count = count;
  }

  /** Takes the first; there must be one. */
  take(): Datagram {
    const records = this.#records;
    const at = this.#next++ * DATAGRAM_WORDS;
    const offset = records[at]!;
    return {
      bytes: this.#bytes.subarray(offset, offset + records[at + 1]!),
      remoteAddress: this.#sourceAt(at),
      truncated: records[at + 2] !== 0,
    };
  }

  clear(): void {
    this.#next = this.#count = 0;
  }

  #sourceAt(at: number): SocketAddress {
    const records = this.#records;
    if (records[at + 3] === FAMILY_IPV4) return [this.#hosts.textOf(records[at + 4]!), records[at + 5]!];
    const offset = records[at + 6]!;
    const name = this.#bytes.toString('utf8', offset, offset + records[at + 7]!);
    return records[at + 3] === FAMILY_UNIX ? name : [name, records[at + 5]!];
  }
}

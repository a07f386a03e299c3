import type { Datagram, InetAddress, SocketAddress } from './contract.ts';
import type { Hosts } from './hosts.ts';
import { DATAGRAM_WORDS, FAMILY_IPV4, FAMILY_UNIX, MAX_DATAGRAMS } from './layout.ts';
import { inetAddress } from './mailbox.ts';

/**
 * Datagrams that one `recvmmsg(2)` brought, until they are taken. Their records are copied, since the next port
 * reuses the memory they come in; their bytes are the receiver's for good.
 */
export class ReceivedBatch {
  readonly #hosts: Hosts;
  readonly #address: SocketAddress;
  readonly #records = new Int32Array(MAX_DATAGRAMS * DATAGRAM_WORDS);
  #bytes: Buffer = Buffer.alloc(0);
  /** The last address of ours that a datagram was sent to: mostly that of the next one too. */
  #local: InetAddress | undefined;
  #next = 0;
  #count = 0;

  /** @param address - of the port: what it is bound to. */
  constructor(hosts: Hosts, address: SocketAddress) {
    this.#hosts = hosts;
    this.#address = address;
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
      localAddress: this.#localAt(at),
    };
  }

  clear(): void {
    this.#next = this.#count = 0;
  }

  #localAt(at: number): InetAddress | undefined {
    const records = this.#records;
    const nameLength = records[at + 9]!;
    if (nameLength === 0 && records[at + 8] === 0) return undefined;
    const offset = records[at + 6]! + records[at + 7]!;
    const host =
      nameLength === 0
        ? this.#hosts.textOf(records[at + 8]!)
        : this.#bytes.toString('utf8', offset, offset + nameLength);
    if (this.#local?.[0] !== host) this.#local = inetAddress(host, Number(this.#address[1]));
    return this.#local;
  }

  #sourceAt(at: number): SocketAddress {
    const records = this.#records;
    if (records[at + 3] === FAMILY_IPV4) return [this.#hosts.textOf(records[at + 4]!), records[at + 5]!];
    const offset = records[at + 6]!;
    const name = this.#bytes.toString('utf8', offset, offset + records[at + 7]!);
    return records[at + 3] === FAMILY_UNIX ? name : [name, records[at + 5]!];
  }
}

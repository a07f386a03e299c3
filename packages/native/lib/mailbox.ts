import type { Binding } from './binding.ts';
import type { InetAddress, SocketAddress } from './contract.ts';
import { Hosts } from './hosts.ts';
import {
  COMMAND_COUNT,
  COMMAND_SEND,
  COMMAND_SEND_TO,
  COMMAND_WORDS,
  DATAGRAM_WORDS,
  EVENT_WORDS,
  FAMILY_IPV4,
  FAMILY_UNIX,
  HEADER_WORDS,
  MAX_COMMANDS,
  MAX_DATAGRAMS,
  MAX_EVENTS,
  MIN_SLAB_ROOM,
  NAME_BYTES,
  OUTGOING_BYTES,
  OUTGOING_USED,
  REPLY_FAMILY,
  REPLY_FD,
  REPLY_GENERATION,
  REPLY_HOST,
  REPLY_NAME_LENGTH,
  REPLY_PORT,
  REPLY_SLOT,
  SLAB_BYTES,
  SLAB_USED,
  SLOTS_IN_USE,
  SLOT_WORDS,
  SPARES,
  SPARE_BYTES,
} from './layout.ts';

/** Is told how many bytes were taken outside of V8's heap, for one message. */
export type LargeMemoryTaken = (this: void, bytes: number) => void;

/**
 * The memory that C++ and JavaScript share. Small writes and orders are left here without a call, and carried out
 * together when the turn ends; news and bytes are found here. Per event nothing is made but a view of the slab.
 */
export class Mailbox {
  readonly header = new Int32Array(HEADER_WORDS);
  readonly events = new Int32Array(MAX_EVENTS * EVENT_WORDS);
  readonly datagrams = new Int32Array(MAX_DATAGRAMS * DATAGRAM_WORDS);
  readonly names = Buffer.alloc(NAME_BYTES);
  readonly hosts = new Hosts();
  /** Two words per slot; replaced by a larger one as sockets are opened. */
  slots = new Int32Array(64 * SLOT_WORDS);
  /** What small reads land in. Handlers get views of it, so it is never written twice. */
  slab: Buffer = Buffer.alloc(0);
  readonly spares: Buffer[] = [];

  readonly #commands = new Int32Array(MAX_COMMANDS * COMMAND_WORDS);
  readonly #outgoing = new Uint8Array(OUTGOING_BYTES);
  readonly #binding: Binding;
  readonly #largeMemoryTaken: LargeMemoryTaken;

  constructor(binding: Binding, largeMemoryTaken: LargeMemoryTaken) {
    this.#binding = binding;
    this.#largeMemoryTaken = largeMemoryTaken;
  }

  /** Shares the memory. @returns 0 or a negative errno. */
  open(dispatch: () => void): number {
    const { header, events, names, datagrams, slots } = this;
    const bytes = new Uint8Array(names.buffer, names.byteOffset, names.length);
    const status = this.#binding.open(
      header,
      events,
      this.#commands,
      this.#outgoing,
      bytes,
      datagrams,
      slots,
      dispatch,
    );
    if (status === 0) {
      header[SLAB_USED] = SLAB_BYTES;
      this.refill();
      for (let index = 0; index < SPARES; index++) this.replaceSpare(index);
    }
    return status;
  }

  /** Leaves an order for the end of the turn. */
  order(kind: number, slot: number, generation: number): void {
    const header = this.header;
    if (header[COMMAND_COUNT] === MAX_COMMANDS) this.#binding.flush();
    const commands = this.#commands;
    const at = header[COMMAND_COUNT]! * COMMAND_WORDS;
    commands[at] = kind;
    commands[at + 1] = slot;
    commands[at + 2] = generation;
    header[COMMAND_COUNT]!++;
  }

  /** Leaves bytes to be sent, at most {@link OUTGOING_BYTES}; they are copied. */
  send(slot: number, generation: number, bytes: Uint8Array): void {
    const header = this.header;
    const length = bytes.length;
    if (header[OUTGOING_USED]! + length > OUTGOING_BYTES || header[COMMAND_COUNT] === MAX_COMMANDS) {
      this.#binding.flush();
    }
    const used = header[OUTGOING_USED]!;
    this.#outgoing.set(bytes, used);
    header[OUTGOING_USED] = used + length;

    const commands = this.#commands;
    const count = header[COMMAND_COUNT]!;
    const at = count * COMMAND_WORDS;
    const last = at - COMMAND_WORDS;
    if (
      count > 0 &&
      commands[last] === COMMAND_SEND &&
      commands[last + 1] === slot &&
      commands[last + 2] === generation
    ) {
      commands[last + 4]! += length;
      return;
    }
    commands[at] = COMMAND_SEND;
    commands[at + 1] = slot;
    commands[at + 2] = generation;
    commands[at + 3] = used;
    commands[at + 4] = length;
    header[COMMAND_COUNT] = count + 1;
  }

  /** Leaves a datagram to be sent to an IPv4 host, from one of ours unless that is 0; its bytes are copied. */
  sendTo(
    slot: number,
    generation: number,
    bytes: Uint8Array,
    host: number,
    port: number,
    fromHost: number,
  ): void {
    const header = this.header;
    const length = bytes.length;
    if (header[OUTGOING_USED]! + length > OUTGOING_BYTES || header[COMMAND_COUNT] === MAX_COMMANDS) {
      this.#binding.flush();
    }
    const used = header[OUTGOING_USED]!;
    this.#outgoing.set(bytes, used);
    header[OUTGOING_USED] = used + length;

    const commands = this.#commands;
    const at = header[COMMAND_COUNT]! * COMMAND_WORDS;
    commands[at] = COMMAND_SEND_TO;
    commands[at + 1] = slot;
    commands[at + 2] = generation;
    commands[at + 3] = used;
    commands[at + 4] = length;
    commands[at + 5] = host;
    commands[at + 6] = port;
    commands[at + 7] = fromHost;
    header[COMMAND_COUNT]!++;
  }

  /** Supplies a fresh slab once the old one is nearly full; views of the old one keep it alive. */
  refill(): void {
    if (this.header[SLAB_USED]! <= SLAB_BYTES - MIN_SLAB_ROOM) return;
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#binding.setSlab(this.slab);
  }

  /** Takes the first `length` bytes of a spare buffer, and supplies another in its place. */
  takeSpare(index: number, length: number): Buffer {
    const spare = this.spares[index]!;
    this.replaceSpare(index);
    return length === SPARE_BYTES ? spare : spare.subarray(0, length);
  }

  replaceSpare(index: number): void {
    this.#largeMemoryTaken(SPARE_BYTES);
    const spare = Buffer.allocUnsafeSlow(SPARE_BYTES);
    this.spares[index] = spare;
    this.#binding.setSpare(index, spare);
  }

  /** Makes sure that one more socket has a slot. */
  reserveSlot(): void {
    this.reserveSlots(1);
  }

  /** Makes sure that so many more have, at most as many as there are slots. */
  reserveSlots(count: number): void {
    if ((this.header[SLOTS_IN_USE]! + count) * SLOT_WORDS <= this.slots.length) return;
    const larger = new Int32Array(this.slots.length * 2);
    larger.set(this.slots);
    this.slots = larger;
    this.#binding.setSlots(larger);
  }

  /** Has the next connection that is made be the one with this name. */
  nameConnection(slot: number, generation: number, fd: number): void {
    this.header[REPLY_SLOT] = slot;
    this.header[REPLY_GENERATION] = generation;
    this.header[REPLY_FD] = fd;
  }

  /** Reads the address of the last reply. */
  replyAddress(): SocketAddress {
    const header = this.header;
    const family = header[REPLY_FAMILY]!;
    if (family === FAMILY_IPV4)
      return inetAddress(this.hosts.textOf(header[REPLY_HOST]!), header[REPLY_PORT]!);
    const name = this.names.toString('utf8', 0, header[REPLY_NAME_LENGTH]);
    return family === FAMILY_UNIX ? name : inetAddress(name, header[REPLY_PORT]!);
  }
}

/** An address that nobody can change, since the same object reaches every handler. */
export function inetAddress(host: string, port: number): InetAddress {
  return Object.freeze([host, port]);
}

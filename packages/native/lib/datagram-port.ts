import type { Datagram, DatagramBindOptions, DatagramPort, SocketAddress } from './contract.ts';
import { DatagramQueue, type QueueLimits } from './datagram-queue.ts';
import { DatagramSocket } from './datagram-socket.ts';
import { endpoint } from './endpoint.ts';
import type { NativeEngine } from './engine.ts';
import {
  COMMAND_RESUME,
  MAX_BATCH_BYTES,
  MAX_DATAGRAMS,
  READABLE,
  REPLY_FD,
  REPLY_SLOT,
  SLOT_QUEUED,
  SLOT_STATE,
  SLOT_WORDS,
  WANTED,
} from './layout.ts';
import { errnoOf, osError } from './os-error.ts';
import { ReceivedBatch } from './received-batch.ts';
import { WaitingDatagrams } from './waiting-datagrams.ts';

const EAGAIN = errnoOf('EAGAIN');
/** Datagrams up to this size are copied and sent with others. Above, one may not fit any more, and must say so. */
const MAX_COPIED = 8 * 1024;

/** Batches that one turn takes out of the kernel while nobody waits, so that a flood leaves others their turn. */
const MAX_DRAINED_BATCHES = 16;

export type PortOptions = Pick<DatagramBindOptions, 'maxPacketSize'> & QueueLimits;

/**
 * A datagram socket of the native engine: UDP, or Unix datagrams.
 *
 * The engine calls the methods whose names begin with `on`; everything else is the contract's.
 */
export class NativeDatagramPort extends DatagramSocket implements DatagramPort {
  readonly address: SocketAddress;
  readonly #engine: NativeEngine;
  #fd: number;
  #wake: (() => void) | undefined;

  readonly #received: ReceivedBatch;
  /** What came while nobody waited: the kernel would drop the newest ones, and tell nobody. */
  readonly #queue: DatagramQueue;
  #lookIsDue = false;
  /** How many datagrams the engine asks for at once. */
  readonly #batchSize: number;
  /** The last batch was not full: asking again at once, which would bring nothing, is spared, once. */
  #hasEmptied = false;
  #receiveError: Error | undefined;
  readonly #waiting: WaitingDatagrams;

  /** Names the socket that the last reply is about. */
  constructor(engine: NativeEngine, options: PortOptions) {
    super(engine);
    this.#engine = engine;
    this.#fd = engine.mailbox.header[REPLY_FD]!;
    this.address = engine.mailbox.replyAddress();
    this.#received = new ReceivedBatch(engine.mailbox.hosts, this.address);
    this.#queue = new DatagramQueue(options);
    this.#batchSize = batchSizeFor(options);
    const isUnix = typeof this.address === 'string';
    this.#waiting = new WaitingDatagrams((...datagram) => this.#sendNow(...datagram), isUnix);
  }

  get fd(): number {
    return this.#fd;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get isReady(): boolean {
    if (this.#hasSome()) return true;
    if (!this.#hasEmptied) return this.#fetch();
    this.#hasEmptied = false;
    return false;
  }

  notify(wake: (() => void) | undefined): void {
    if (this.#fd < 0) return;
    this.#wake = wake;
    if (wake === undefined) {
      this.#lookLater();
    } else if (this.#hasSome()) {
      queueMicrotask(() => {
        if (this.#wake === wake) this.onReady();
      });
    } else {
      this.#arm();
    }
  }

  receive(): Datagram | undefined {
    if (!this.isReady) return undefined;
    if (!this.#queue.isEmpty) return this.#queue.take();
    if (this.#received.isEmpty) {
      const error = this.#receiveError!;
      this.#receiveError = undefined;
      throw error;
    }
    return this.#received.take();
  }

  send(bytes: Uint8Array, address: SocketAddress, from?: SocketAddress): Promise<void> | undefined {
    const { mailbox } = this.#engine;
    const isBlocked = !this.#waiting.isEmpty || mailbox.slots[this.slot * SLOT_WORDS + SLOT_QUEUED] !== 0;
    if (this.#fd < 0) throw osError(errnoOf('EBADF'), 'send', address);
    if (isBlocked) return this.#waiting.add(bytes, address, from);
    if (typeof address !== 'string' && bytes.length <= MAX_COPIED) {
      // Errors of a batch reach nobody, so only hosts that were heard from are served in one.
      const host = mailbox.hosts.numberOf(address[0]);
      const fromHost = from === undefined ? 0 : mailbox.hosts.numberOf(from[0]);
      if (host !== undefined && fromHost !== undefined) {
        mailbox.sendTo(this.slot, this.generation, bytes, host, address[1], fromHost);
        return undefined;
      }
    }
    const status = this.#sendNow(bytes, address, from);
    if (status === EAGAIN) return this.#waiting.add(bytes, address, from);
    if (status !== 0) throw osError(status, 'send', address);
    return undefined;
  }

  leavePort(): void {
    this.#engine.binding.leavePort(this.slot, this.generation);
    this.#hasEmptied = false; // whoever asks from now on wants all that is left
  }

  close(): Promise<void> {
    if (this.#fd >= 0) {
      this.#fd = -1;
      this.#wake = undefined;
      this.#received.clear();
      this.#queue.clear();
      this.#engine.forgetWaiter(this);
      this.#engine.binding.closeSource(this.slot, this.generation);
      this.#waiting.cancel();
    }
    return Promise.resolve();
  }

  /** Datagrams have come. */
  onReady(): void {
    const wake = this.#wake;
    if (wake === undefined) {
      this.#drain();
      return;
    }
    // A datagram with a wrong checksum wakes epoll and is gone when it is read. [select(2), Bugs]
    if (!this.#hasSome() && !this.#fetch()) {
      this.notify(wake);
      return;
    }
    this.#wake = undefined;
    this.#lookLater();
    wake();
  }

  /** The kernel takes datagrams again. */
  onWritable(): void {
    this.#waiting.send();
  }

  /** A datagram of a batch has failed: from now on errors are looked for one by one, until hosts are heard from. */
  onSendFailed(): void {
    this.#engine.mailbox.hosts.forget();
  }

  #hasSome(): boolean {
    return !this.#queue.isEmpty || !this.#received.isEmpty || this.#receiveError !== undefined;
  }

  /** Lets the engine tell when datagrams come. */
  #arm(): void {
    const { mailbox } = this.#engine;
    const at = this.slot * SLOT_WORDS + SLOT_STATE;
    const state = mailbox.slots[at]!;
    mailbox.slots[at] = state | WANTED;
    if ((state & (WANTED | READABLE)) === READABLE) mailbox.order(COMMAND_RESUME, this.slot, this.generation);
  }

  /** Sees after this turn whether its receiver waits again, or is busy while datagrams come. */
  #lookLater(): void {
    if (this.#lookIsDue) return;
    this.#lookIsDue = true;
    setImmediate(() => {
      this.#lookIsDue = false;
      if (this.#wake === undefined && this.#fd >= 0) this.#arm();
    }).unref();
  }

  /** Takes what came out of the kernel while nobody waits, as far as the limits allow. */
  #drain(): void {
    for (let batches = 0; batches < MAX_DRAINED_BATCHES && this.#fd >= 0; batches += 1) {
      while (!this.#received.isEmpty) this.#queue.push(this.#received.take());
      if (this.#receiveError !== undefined || !this.#fetch()) break;
    }
    this.#lookLater();
  }

  /** Receives a batch. @returns whether receive() has something now, an error included. */
  #fetch(): boolean {
    if (this.#fd < 0) return false;
    const { binding, mailbox } = this.#engine;
    const slab = mailbox.slab;
    const result = binding.receive(this.slot, this.generation);
    if (typeof result === 'number' && result < 0) {
      this.#receiveError = osError(result, 'recvmmsg');
      return true;
    }
    const isInSlab = typeof result === 'number';
    const count = isInSlab ? result : mailbox.header[REPLY_SLOT]!;
    if (count === 0) return false;
    this.#received.fill(mailbox.datagrams, isInSlab ? slab : result, count);
    this.#hasEmptied = count < this.#batchSize;
    mailbox.refill();
    return true;
  }

  #sendNow(bytes: Uint8Array, address: SocketAddress, from?: SocketAddress): number {
    const { binding } = this.#engine;
    return binding.sendTo(this.slot, this.generation, bytes, ...endpoint(address), from?.[0] ?? '');
  }
}

/** How many datagrams are read ahead of the handlers: in all no more than may wait, nor more than a megabyte. */
export function batchSizeFor({ maxPacketSize, maxPending }: PortOptions): number {
  const most = Math.min(Math.floor(MAX_BATCH_BYTES / maxPacketSize), MAX_DATAGRAMS, maxPending);
  return Math.max(Math.floor(most), 1);
}

import type { Socket } from 'node:net';
import type { Binding } from './binding.ts';
import type {
  Connection,
  ConnectionSink,
  Crossing,
  CrossingNotes,
  HandedOver,
  PeerCredentials,
  SocketAddress,
} from './contract.ts';
import {
  COMMAND_CLOSE,
  COMMAND_END_WRITE,
  COMMAND_RESUME,
  READABLE,
  REPLY_FD,
  REPLY_GENERATION,
  REPLY_SLOT,
  SLOT_QUEUED,
  SLOT_STATE,
  SLOT_WORDS,
  WANTED,
} from './layout.ts';
import type { Mailbox } from './mailbox.ts';
import { openSocket } from './open-socket.ts';
import { errnoOf, osError } from './os-error.ts';
import { SendingFiles } from './sending-files.ts';

const EPIPE = errnoOf('EPIPE');

/** Writes up to this size are copied and sent with others; larger ones go out from where they lie. */
const MAX_COPIED = 8 * 1024;
/** Copies that may wait for a peer that does not take them. */
const MAX_QUEUED = 64 * 1024;

/** What connections ask of the engine that made them. */
export interface ConnectionOwner {
  readonly binding: Binding;
  readonly mailbox: Mailbox;
  /** Forgets a connection that left the engine with its slot. */
  forget(connection: NativeConnection): void;
}

/** Why a connection gets no more news. `closing` waits for its last bytes to be sent; `left` took its descriptor along. */
type State = 'open' | 'closing' | 'closed' | 'left';

/**
 * A connection of the native engine.
 *
 * The engine calls the methods whose names begin with `on`; everything else is the contract's.
 */
export class NativeConnection implements Connection {
  readonly slot: number;
  readonly generation: number;
  readonly #owner: ConnectionOwner;
  readonly #fd: number;
  #state: State = 'open';
  #isEnded = false;
  #sink: ConnectionSink | undefined;
  #remoteAddress: SocketAddress | undefined;
  #localAddress: SocketAddress | undefined;
  #error: Error | undefined;
  #files: SendingFiles | undefined;

  /** Names the connection that the last reply is about. */
  constructor(owner: ConnectionOwner, remoteAddress?: SocketAddress, localAddress?: SocketAddress) {
    const { header } = owner.mailbox;
    this.#owner = owner;
    this.slot = header[REPLY_SLOT]!;
    this.generation = header[REPLY_GENERATION]!;
    this.#fd = header[REPLY_FD]!;
    this.#remoteAddress = remoteAddress;
    this.#localAddress = localAddress;
  }

  get takenBy(): 'peer' {
    return 'peer';
  }

  get fd(): number {
    return this.#state === 'open' || this.#state === 'closing' ? this.#fd : -1;
  }

  get bytesTaken(): number {
    if (this.#state !== 'open') return 0;
    return this.#owner.binding.bytesTaken(this.slot, this.generation);
  }

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  get remoteAddress(): SocketAddress {
    if (this.#remoteAddress === undefined) {
      const status = this.#owner.binding.remoteAddress(this.slot, this.generation);
      this.#remoteAddress = status === 0 ? this.#owner.mailbox.replyAddress() : '';
    }
    return this.#remoteAddress;
  }

  get localAddress(): SocketAddress {
    if (this.#localAddress === undefined) {
      const status = this.#owner.binding.localAddress(this.slot, this.generation);
      this.#localAddress = status === 0 ? this.#owner.mailbox.replyAddress() : '';
    }
    return this.#localAddress;
  }

  get peerCredentials(): PeerCredentials | undefined {
    if (typeof this.localAddress !== 'string') return undefined;
    if (this.#owner.binding.peerCredentials(this.slot, this.generation) !== 0) return undefined;
    const { header } = this.#owner.mailbox;
    return { pid: header[REPLY_SLOT]!, uid: header[REPLY_GENERATION]!, gid: header[REPLY_FD]! };
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
    // It ended before anybody listened, by a write that failed or by close().
    if (this.#state === 'closed') queueMicrotask(() => sink.closed(this.#error));
  }

  resume(): void {
    if (this.#state !== 'open' || this.#isEnded) return;
    const slots = this.#owner.mailbox.slots;
    const at = this.slot * SLOT_WORDS + SLOT_STATE;
    const state = slots[at]!;
    slots[at] = state | WANTED;
    if ((state & (WANTED | READABLE)) === READABLE) {
      this.#owner.mailbox.order(COMMAND_RESUME, this.slot, this.generation);
    }
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    const length = bytes.length;
    if (length <= MAX_COPIED) {
      if (length === 0) return true;
      const slots = this.#owner.mailbox.slots;
      const at = this.slot * SLOT_WORDS + SLOT_QUEUED;
      if (slots[at]! + length <= MAX_QUEUED) {
        this.#owner.mailbox.send(this.slot, this.generation, bytes);
        // The flush counts anew; until then this write counts too.
        slots[at]! += length;
        return true;
      }
    }
    return this.#owner.binding.write(this.slot, this.generation, bytes) !== 0;
  }

  sendFile(file: number, offset: number, length: number): Promise<number> {
    if (this.#state !== 'open') return Promise.reject(osError(EPIPE, 'sendfile'));
    const status = this.#owner.binding.sendFile(this.slot, this.generation, file, offset, length);
    if (status !== 0) return Promise.reject(osError(status, 'sendfile'));
    return (this.#files ??= new SendingFiles()).add();
  }

  endWrite(): void {
    if (this.#state === 'open') this.#owner.mailbox.order(COMMAND_END_WRITE, this.slot, this.generation);
  }

  close(): boolean {
    if (this.#state !== 'open') return false;
    this.#state = 'closing';
    this.#owner.mailbox.order(COMMAND_CLOSE, this.slot, this.generation);
    return this.#owner.mailbox.slots[this.slot * SLOT_WORDS + SLOT_QUEUED] === 0;
  }

  reset(): void {
    if (this.#state !== 'open' && this.#state !== 'closing') return;
    this.#state = 'closing';
    this.#owner.binding.reset(this.slot, this.generation);
  }

  setNoDelay(on: boolean): void {
    if (this.#state === 'open') this.#owner.binding.setNoDelay(this.slot, this.generation, Number(on));
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    if (this.#state !== 'open') return;
    this.#owner.binding.setKeepAlive(this.slot, this.generation, Number(on), initialDelaySeconds);
  }

  handOver(target: 'thread' | 'process', crossing?: Crossing): HandedOver {
    if (crossing !== undefined) return { message: undefined, leaving: this };
    const { remoteAddress } = this;
    if (target === 'process') {
      const { localAddress } = this; // while there is a descriptor to ask
      return { message: { localAddress, remoteAddress }, handle: openSocket(this.#leave('handOver')) };
    }
    const fd = this.#leave('handOver');
    const inode = this.#owner.binding.inode(fd);
    // Each word of a message is written and read again: the thread asks for its own end's address when it needs it.
    return { message: { native: fd, inode, remoteAddress } };
  }

  /** Leaves by a crossing. @throws the operating system's error, with nothing changed. */
  leaveBy(crossing: number, { id, requestId, after }: CrossingNotes): void {
    const { remoteAddress } = this;
    const isPath = typeof remoteAddress === 'string';
    const host = isPath ? remoteAddress : remoteAddress[0];
    const status = this.#owner.binding.cross(
      this.slot,
      this.generation,
      crossing,
      id,
      requestId,
      after,
      isPath ? host : (this.#owner.mailbox.hosts.numberOf(host) ?? host),
      isPath ? -1 : remoteAddress[1],
    );
    if (status < 0) throw osError(status, 'handOver');
    this.#state = 'left';
    this.#owner.forget(this);
  }

  toSocket(unread?: Uint8Array): Socket | undefined {
    const fd = this.#state === 'open' ? this.#release() : -1;
    if (fd < 0) return undefined;
    const socket = openSocket(fd);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return socket;
  }

  onBytes(bytes: Buffer): void {
    if (this.#state !== 'open') return;
    if (!this.#sink!.received(bytes))
      this.#owner.mailbox.slots[this.slot * SLOT_WORDS + SLOT_STATE]! &= ~WANTED;
  }

  onEnded(): void {
    if (this.#state !== 'open') return;
    this.#isEnded = true;
    this.#sink!.ended();
  }

  onDrained(): void {
    if (this.#state === 'open') this.#sink?.drained();
  }

  onFileSent(bytes: number): void {
    this.#files?.sent(bytes);
  }

  onClosed(error: Error | undefined): void {
    // What fails after close() is of no interest to its caller any more than an unread reply is.
    this.#error = this.#state === 'closing' ? undefined : error;
    this.#state = 'closed';
    this.#files?.fail(error ?? osError(EPIPE, 'sendfile'));
    this.#files = undefined;
    this.#sink?.closed(this.#error);
  }

  /** Takes the descriptor out of the engine. */
  #leave(action: string): number {
    if (this.#state !== 'open')
      throw new Error(`Cannot ${action}: the connection must be open, got ${this.#state}`);
    const fd = this.#release();
    if (fd < 0) throw osError(fd, action);
    return fd;
  }

  /** @returns a negative errno, with nothing changed, where something waits to be sent. */
  #release(): number {
    const fd = this.#owner.binding.release(this.slot, this.generation);
    if (fd < 0) return fd;
    this.#state = 'left';
    this.#owner.forget(this);
    return fd;
  }
}

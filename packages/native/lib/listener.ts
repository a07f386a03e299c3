import { NativeConnection } from './connection.ts';
import type { Listener, SocketAddress } from './contract.ts';
import type { NativeEngine } from './engine.ts';
import {
  COMMAND_RESUME,
  READABLE,
  REPLY_FD,
  REPLY_GENERATION,
  REPLY_SLOT,
  SLOT_STATE,
  SLOT_WORDS,
  WANTED,
} from './layout.ts';
import { errnoOf, osError } from './os-error.ts';

const EAGAIN = errnoOf('EAGAIN');

/** A listening socket of the native engine. */
export class NativeListener implements Listener {
  readonly address: SocketAddress;
  readonly slot: number;
  readonly generation: number;
  readonly #engine: NativeEngine;
  /** What every connection's local address is, unless clients may come to several. */
  readonly #localAddress: SocketAddress | undefined;
  #fd: number;
  #wake: (() => void) | undefined;

  /** Names the socket that the last reply is about. */
  constructor(engine: NativeEngine) {
    const { header } = engine.mailbox;
    this.#engine = engine;
    this.slot = header[REPLY_SLOT]!;
    this.generation = header[REPLY_GENERATION]!;
    this.#fd = header[REPLY_FD]!;
    this.address = engine.mailbox.replyAddress();
    const isWildcard = typeof this.address !== 'string' && ['0.0.0.0', '::'].includes(this.address[0]);
    this.#localAddress = isWildcard ? undefined : this.address;
  }

  get fd(): number {
    return this.#fd;
  }

  get isReady(): boolean {
    return this.#fd >= 0 && this.#engine.binding.isReady(this.slot, this.generation) !== 0;
  }

  listen(backlog: number): void {
    const status = this.#engine.binding.listen(this.slot, this.generation, backlog);
    if (status < 0) throw osError(status, 'listen', this.address);
  }

  accept(): NativeConnection | undefined {
    if (this.#fd < 0) return undefined;
    const engine = this.#engine;
    engine.mailbox.reserveSlot();
    const status = engine.binding.accept(this.slot, this.generation);
    if (status === 0) {
      const remoteAddress = engine.mailbox.replyAddress();
      return engine.enter(new NativeConnection(engine, remoteAddress, this.#localAddress));
    }
    if (status === EAGAIN) return undefined;
    throw osError(status, 'accept', this.address);
  }

  notify(wake: (() => void) | undefined): void {
    if (this.#fd < 0) return;
    this.#wake = wake;
    const { mailbox } = this.#engine;
    const at = this.slot * SLOT_WORDS + SLOT_STATE;
    const state = mailbox.slots[at]!;
    if (wake === undefined) {
      mailbox.slots[at] = state & ~WANTED;
      return;
    }
    mailbox.slots[at] = state | WANTED;
    if ((state & (WANTED | READABLE)) === READABLE) mailbox.order(COMMAND_RESUME, this.slot, this.generation);
  }

  close(): Promise<void> {
    if (this.#fd >= 0) {
      this.#fd = -1;
      this.#wake = undefined;
      this.#engine.forgetWaiter(this);
      this.#engine.binding.closeSource(this.slot, this.generation);
    }
    return Promise.resolve();
  }

  /** The engine calls this when something waits to be accepted. */
  onReady(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

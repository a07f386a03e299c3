import { FrameError, type FrameStream, type StreamSocket } from 'socketserver/client';
import { ProtocolError, RcmdError } from '../errors.ts';
import type { GoAway } from '../protocol/go-away.ts';
import { giveFrameMemoryBack } from '../protocol/frame-memory.ts';
import { type Message, messageCodec } from '../protocol/message.ts';
import { CreditPool } from './credit-pool.ts';
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts';
import { ConnectionLostError } from './connection-lost-error.ts';
import { type OrderedMessage, SendQueue } from './send-queue.ts';

/** Answers that may wait to be sent before no more is read, where the peer is not to be trusted with our memory. */
const waitingAnswers = 256;

/** Milliseconds that a peer may take to read the last words. */
const leaveMs = 2_000;

/** What a link tells its owner. */
export interface LinkOwner {
  /** A message came that is not the link's own business. What it throws ends the connection. */
  received(message: Message): void;
  /**
   * Whether a peer that does not read its answers may ask for nothing more. On one side only: of two that both wait for each other's
   * reading neither would go on. Default `false`.
   */
  readonly isAnsweredInStep?: boolean;
}

/**
 * Messages in both directions over one stream: what both ends of a connection share.
 *
 * Control messages go before data that waits; what must come after a stream's data (`eof`, `exit`) keeps its order. Nobody who
 * brings data faster than the peer takes it gets further than a bounded queue.
 *
 * Walk of an output byte: `OutputPipe` → `OutgoingStream.send` → here → socket ⇒ socket → `IncomingStream.received` →
 * whoever reads it, which is what gives the sender credit for the next.
 */
export class Link {
  readonly socket: StreamSocket;
  readonly credit = new CreditPool();
  readonly #frames: FrameStream<Message>;
  readonly #keepAlive: KeepAlive;
  readonly #queue = new SendQueue();
  #isSending = false;
  #idle: (() => void) | undefined;
  #failure: Error | undefined;
  #goAway: GoAway | undefined;
  #isLeaving = false;
  #hasPeerEnded = false;
  #roundTrips = new Map<string, () => void>();
  #nextToken = 1n;

  constructor(socket: StreamSocket, keepAlive: KeepAliveOptions = {}) {
    this.socket = socket;
    this.#frames = socket.frames(messageCodec);
    this.#keepAlive = new KeepAlive(keepAlive, {
      probe: () => void this.roundTrip(),
      expired: (ms) => this.close({ code: 'IDLE', message: `nothing was heard from the peer for ${ms} ms` }),
    });
  }

  /** Why the connection is over, if it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What the peer said before it left. */
  get goAway(): GoAway | undefined {
    return this.#goAway;
  }

  /** Whether the peer has ended its side, by itself and behind a whole message. */
  get hasPeerEnded(): boolean {
    return this.#hasPeerEnded;
  }

  /**
   * Reads one message, for the time before {@link run}.
   *
   * @param maxBytes - that it may have; more is a {@link ProtocolError}.
   */
  async readFirst(maxBytes = Infinity): Promise<Message | undefined> {
    const maxFrameBytes = Math.min(maxBytes, messageCodec.maxFrameBytes ?? Infinity);
    try {
      return await this.socket.frames({ ...messageCodec, maxFrameBytes }).read();
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause;
      throw new ProtocolError(`the first message cannot be read: ${cause.message}`, { cause });
    }
  }

  /**
   * Hands messages to `owner` until the connection ends.
   *
   * @returns why it ended: a {@link ConnectionLostError}, the {@link ProtocolError} that somebody made.
   */
  async run(owner: LinkOwner): Promise<Error> {
    this.#keepAlive.start();
    try {
      for await (const message of this.#frames) {
        this.#keepAlive.heard();
        this.#handle(message, owner);
        if (owner.isAnsweredInStep === true) await this.#answered();
      }
      this.#hasPeerEnded = true;
      this.#fail(this.#lost());
    } catch (error) {
      if (error instanceof ProtocolError)
        await this.#leave({ code: 'PROTOCOL', message: error.message }, error);
      this.#fail(error instanceof RcmdError ? error : this.#lost(error));
    } finally {
      this.#keepAlive.stop();
    }
    return this.#failure!;
  }

  /** Sends a message before all data that waits. */
  send(message: Message): void {
    if (this.#failure !== undefined || this.#isLeaving) return;
    this.#queue.addControl(message);
    this.#startSending();
  }

  /** Sends a message after the data that waits. Resolves when more may be brought; at once where the connection is over. */
  sendData(message: OrderedMessage): Promise<void> {
    if (this.#failure !== undefined || this.#isLeaving) return Promise.resolve();
    this.#startSending();
    return this.#queue.addOrdered(message);
  }

  /** Resolves when the peer has answered what was sent before, or is gone. */
  roundTrip(): Promise<void> {
    if (this.#failure !== undefined || this.#isLeaving) return Promise.resolve();
    const token = Buffer.alloc(8);
    token.writeBigUInt64BE(this.#nextToken);
    this.#nextToken += 1n;
    this.send({ type: 'ping', token });
    return new Promise((resolve) => this.#roundTrips.set(token.toString('latin1'), resolve));
  }

  /** Ends the connection in good order: what was sent goes out, `goAway` last. */
  close(goAway?: GoAway): void {
    const why = goAway?.message ?? 'it was closed on this side';
    void this.#leave(goAway, new ConnectionLostError(why, { isMeant: goAway?.code !== 'IDLE' }));
  }

  /** Resolves when the control messages that were sent so far are with the kernel, or the connection is over. */
  controlSent(): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    this.#startSending();
    return this.#queue.whenSent();
  }

  /** Resolves when all that was sent so far is with the kernel, or the connection is over. */
  flushed(): Promise<void> {
    if (!this.#isSending && this.#queue.isEmpty) return Promise.resolve();
    this.#startSending();
    return new Promise((resolve) => {
      const earlier = this.#idle;
      this.#idle = () => (earlier?.(), resolve());
    });
  }

  /** Waits while too many answers do. */
  async #answered(): Promise<void> {
    while (this.#queue.controlMessages > waitingAnswers && this.#failure === undefined)
      await this.controlSent();
  }

  async #leave(goAway: GoAway | undefined, error: Error): Promise<void> {
    if (this.#failure !== undefined || this.#isLeaving) return;
    if (goAway !== undefined) this.#queue.addControl({ type: 'go-away', goAway });
    this.#isLeaving = true;
    this.#keepAlive.stop();
    const impatience = setTimeout(() => this.socket.reset(), leaveMs).unref();
    await this.flushed();
    clearTimeout(impatience);
    this.#fail(error);
    this.socket.close();
  }

  #handle(message: Message, owner: LinkOwner): void {
    switch (message.type) {
      case 'ping':
        this.send({ type: 'pong', token: message.token });
        return;
      case 'pong': {
        const token = message.token.toString('latin1');
        this.#roundTrips.get(token)?.();
        this.#roundTrips.delete(token);
        return;
      }
      case 'go-away':
        this.#goAway = message.goAway;
        return;
      case 'skipped':
        return;
      default:
        owner.received(message);
    }
  }

  #startSending(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => void this.#sendAll()); // with all that this turn still brings
  }

  async #sendAll(): Promise<void> {
    try {
      while (!this.#queue.isEmpty && this.#failure === undefined) {
        const batch = this.#queue.nextBatch();
        await this.#frames.writeAll(batch);
        // Where that fails, somebody may still send from it.
        for (const message of batch) if (message.type === 'data') giveFrameMemoryBack(message.bytes);
        this.#queue.sent();
      }
    } catch (error) {
      this.#fail(this.#lost(error));
    } finally {
      this.#isSending = false;
      this.#queue.sent();
      this.#idle?.();
      this.#idle = undefined;
    }
  }

  #lost(cause?: unknown): ConnectionLostError {
    const message = this.#goAway?.message ?? (cause instanceof Error ? cause.message : 'the peer closed it');
    return new ConnectionLostError(message, { cause, goAway: this.#goAway });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#keepAlive.stop();
    this.#queue.clear();
    for (const resolve of this.#roundTrips.values()) resolve();
    this.#roundTrips.clear();
  }
}

import { TLSHandshakeError } from '../../errors/tls-errors.ts';
import type { Clock, Timer } from '../clock.ts';
import type { NodeStream } from '../contract/node-stream.ts';

/** Milliseconds between two looks at what has come. */
const lookMs = 50;

/**
 * What a client may send until its handshake is done. OpenSSL takes it from the system by itself and tells nobody; so this looks at the
 * count now and then, and once at the end.
 */
export class HandshakeBudget {
  readonly #carrier: NodeStream;
  readonly #before: number;
  readonly #maxBytes: number;

  /**
   * @param carrier - of the handshake, which has not begun.
   * @param options - `unread`: what was read of it before.
   */
  constructor(
    carrier: NodeStream,
    { maxBytes, unread }: { readonly maxBytes: number; readonly unread?: Uint8Array | undefined },
  ) {
    this.#carrier = carrier;
    this.#before = carrier.bytesRead - (unread?.length ?? 0);
    this.#maxBytes = maxBytes;
  }

  /** What a client that has sent too much is ended with; `undefined` for others. */
  get excess(): TLSHandshakeError | undefined {
    const bytes = this.#carrier.bytesRead - this.#before;
    if (bytes <= this.#maxBytes) return undefined;
    return new TLSHandshakeError(
      `the client sent ${bytes} bytes where ${this.#maxBytes} may come`,
      'protocol',
    );
  }

  /** Looks until it is stopped. @returns what stops it. */
  watch(exceeded: (error: TLSHandshakeError) => void, clock: Clock): () => void {
    if (this.#maxBytes === Infinity) return () => {};
    let timer: Timer | undefined;
    const look = (): void => {
      const { excess } = this;
      if (excess === undefined) timer = clock.setTimeout(look, lookMs);
      else exceeded(excess);
    };
    look();
    return () => clock.clearTimeout(timer);
  }
}

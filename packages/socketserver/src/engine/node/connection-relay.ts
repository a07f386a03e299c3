import type { MessagePort } from 'node:worker_threads';
import type { Connection, ConnectionSink } from '../contract/connection.ts';

/** Bytes that may be on their way in one direction before the other side has taken some. */
export const windowBytes = 131_072;

/** What the two ends of a relay tell each other. The far side of the port is a `RelayedConnection`. */
export type RelayMessage =
  /** Bytes of the stream, in either direction; they count against the window. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** So many bytes were taken: as many more may be sent. */
  | { readonly type: 'taken'; readonly count: number }
  /** The peer ended its side; or, the other way, we end ours. */
  | { readonly type: 'end' }
  /** The worker asks what went out; the other side tells. */
  | { readonly type: 'ask' }
  | { readonly type: 'told'; readonly bytesTaken: number }
  /** How the worker's side ends the connection. */
  | { readonly type: 'close' }
  | { readonly type: 'reset' }
  /** The connection is over. */
  | { readonly type: 'closed'; readonly error: RelayedError | undefined };

/** An error of the operating system, in plain values. */
export interface RelayedError {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Serves a connection through a port, for a handler in another thread: Unix sockets cannot move there.
 *
 * Both directions are bounded by a window: a handler that does not read stops the reading here, and a peer that does
 * not read stops the handler's writing there.
 */
export class ConnectionRelay implements ConnectionSink {
  readonly #connection: Connection;
  readonly #port: MessagePort;
  /** Bytes that the handler's side has not taken yet. */
  #unread = 0;
  #isStopped = true;
  /** Bytes of the handler's that the kernel has not taken yet. */
  #unsent = 0;
  /** The handler's side is through with it: what the peer still sends is nobody's. */
  #isClosing = false;
  #isClosed = false;

  private constructor(connection: Connection, port: MessagePort) {
    this.#connection = connection;
    this.#port = port;
  }

  /** Starts a connection for the other end of a port; it ends with the thread that has that, or by itself. */
  static start(connection: Connection, port: MessagePort): void {
    const relay = new ConnectionRelay(connection, port);
    connection.start(relay);
    port.on('message', (message: RelayMessage) => relay.#told(message));
    port.on('close', () => {
      if (!relay.#isClosed) connection.reset();
    });
  }

  received(bytes: Buffer): boolean {
    if (this.#isClosing) return true;
    this.#unread += bytes.length;
    this.#post({ type: 'bytes', bytes: Uint8Array.from(bytes) });
    this.#isStopped = this.#unread >= windowBytes;
    return !this.#isStopped;
  }

  ended(): void {
    this.#post({ type: 'end' });
  }

  drained(): void {
    const count = this.#unsent;
    this.#unsent = 0;
    this.#post({ type: 'taken', count });
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.#post({
      type: 'closed',
      error: error && { message: error.message, fields: Object.fromEntries(Object.entries(error)) },
    });
    this.#port.close();
  }

  #told(message: RelayMessage): void {
    switch (message.type) {
      case 'bytes':
        if (this.#connection.write(message.bytes)) this.#post({ type: 'taken', count: message.bytes.length });
        else this.#unsent += message.bytes.length;
        return;
      case 'taken':
        this.#unread -= message.count;
        if (this.#isStopped && this.#unread < windowBytes) {
          this.#isStopped = false;
          this.#connection.resume();
        }
        return;
      case 'end':
        this.#connection.endWrite();
        return;
      case 'ask':
        if (!this.#isClosed) this.#post({ type: 'told', bytesTaken: this.#connection.bytesTaken });
        return;
      case 'close':
        // A peer that sends everything before it reads anything must come to read our last bytes.
        this.#isClosing = true;
        this.#connection.resume();
        this.#connection.close();
        return;
      case 'reset':
        this.#connection.reset();
        return;
      case 'told':
      case 'closed':
        return; // are said in the other direction only
    }
  }

  #post(message: RelayMessage): void {
    this.#port.postMessage(message);
  }
}

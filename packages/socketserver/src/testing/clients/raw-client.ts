import type { InetAddressInput, UnixAddressInput } from '../../address/parse-address.ts';
import { formatAddress, type SocketAddress } from '../../address/socket-address.ts';
import { ConnectionClosedError } from '../../errors/connection-errors.ts';
import { SocketServerError } from '../../errors/socket-server-error.ts';
import { ByteQueue } from '../../request/byte-queue.ts';
import { type WaitOptions, within } from '../wait.ts';
import { type ConnectClientOptions, openStream, type RawStream } from './raw-stream.ts';

/** How the server ended a connection: with its side's end (FIN) or with a reset. */
export type ConnectionEnd = 'end' | 'reset';

/** The server ended the connection before what a test waited for had come. `code` is `UNEXPECTED_END`. */
export class UnexpectedEndError extends SocketServerError {
  constructor(what: string, options?: ErrorOptions) {
    super('UNEXPECTED_END', `The server ended the connection before ${what}`, options);
  }

  static {
    this.prototype.name = 'UnexpectedEndError';
  }
}

/**
 * A client for tests that says and hears nothing but bytes, and does with its connection what it is told: over TCP,
 * Unix sockets, TLS, or in memory. It is made of Node's own `net` and `tls`, with nothing of the library under test.
 *
 * It reads from the kernel only while a call of it waits for bytes, so one that is not asked to read is a peer that
 * never reads. Each wait is bounded (see {@link WaitOptions}) and fails with what it waited for and what had come. One
 * read at a time.
 *
 * @example
 * await using client = await RawClient.connect(server.serverAddress);
 * assert.equal(await client.ask('hello'), 'HELLO');
 */
export class RawClient implements AsyncDisposable {
  /** The client's own address: what the handler sees as `clientAddress`. */
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly #stream: RawStream;
  readonly #waits: WaitOptions;
  readonly #unread = new ByteQueue();
  readonly #closed: Promise<void>;
  #hasEnded = false;
  #failure: NodeJS.ErrnoException | undefined;
  #look: (() => void) | undefined;
  #bytesRead = 0;
  #isClosed = false;

  /** Made by {@link RawClient.connect} and `connectPair()`. */
  constructor(stream: RawStream, waits: WaitOptions = {}) {
    this.#stream = stream;
    this.#waits = waits;
    this.localAddress = stream.localAddress;
    this.remoteAddress = stream.remoteAddress;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    stream.duplex
      .on('data', (bytes: Buffer) => this.#received(bytes))
      .on('end', () => this.#over(undefined))
      .on('error', (error) => this.#over(error))
      .on('close', () => {
        this.#over(undefined);
        resolve();
      })
      .pause();
  }

  /**
   * Connects.
   *
   * @param address - a server's `serverAddress`, or what `connect()` takes; hosts are numeric.
   * @param options - `waitMs` and `signal` hold for each later wait that has none of its own.
   * @throws the operating system's error (`ECONNREFUSED`, ...), an error of the TLS handshake.
   */
  static async connect(
    address: InetAddressInput | UnixAddressInput,
    options: ConnectClientOptions = {},
  ): Promise<RawClient> {
    const { waitMs, signal } = options;
    return new RawClient(await openStream(address, options), { waitMs, signal });
  }

  /** Bytes that the server sent and this client has taken from the kernel, whether or not a call has returned them. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Whether this client itself has closed or reset the connection. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends bytes; text goes out as UTF-8. Resolves when the kernel has them all, which a server that does not read delays. */
  async send(bytes: Uint8Array | string, options?: WaitOptions): Promise<void> {
    const { duplex } = this.#stream;
    if (this.#failure !== undefined) throw this.#failure;
    const payload = Buffer.from(bytes);
    const written = new Promise<void>((resolve, reject) => {
      duplex.write(payload, (error) => (error ? reject(error) : resolve()));
    });
    await this.#within(written, () => `the server to take ${payload.length} bytes`, options);
  }

  /** Reads what comes next: 1 to `max` bytes, none at the end. */
  async read(max = 65_536, options?: WaitOptions): Promise<Buffer> {
    await this.#fill(() => this.#unread.length > 0, 'bytes', options);
    if (this.#unread.length === 0 && this.#failure !== undefined) throw this.#failure;
    return this.#unread.takeChunk(max);
  }

  /** Reads exactly `count` bytes. @throws {@link UnexpectedEndError} when the server ends before. */
  async readExactly(count: number, options?: WaitOptions): Promise<Buffer> {
    const what = `${count} bytes`;
    await this.#fill(() => this.#unread.length >= count, what, options);
    if (this.#unread.length < count) throw this.#tooEarly(what);
    return this.#unread.take(count);
  }

  /** Reads up to and with `delimiter`. @throws {@link UnexpectedEndError} when the server ends before. */
  async readUntil(delimiter: Uint8Array | string, options?: WaitOptions): Promise<Buffer> {
    const wanted = Buffer.from(delimiter);
    const what = JSON.stringify(wanted.toString());
    let searched = 0;
    let found = -1;
    const isThere = (): boolean => {
      if (found === -1) found = this.#unread.indexOf(wanted, searched);
      searched = Math.max(0, this.#unread.length - wanted.length + 1);
      return found !== -1;
    };
    await this.#fill(isThere, what, options);
    if (found === -1) throw this.#tooEarly(what);
    return this.#unread.take(found + wanted.length);
  }

  /** Reads one line, as text without its newline. @throws {@link UnexpectedEndError} when the server ends before. */
  async readLine(options?: WaitOptions): Promise<string> {
    const line = await this.readUntil('\n', options);
    return line.toString().replace(/\r?\n$/, '');
  }

  /** Sends a line and reads one. */
  async ask(line: string, options?: WaitOptions): Promise<string> {
    await this.send(`${line}\n`, options);
    return this.readLine(options);
  }

  /** Reads everything until the server ends. @throws the operating system's error when it ends with a reset. */
  async readAll(options?: WaitOptions): Promise<Buffer> {
    await this.#fill(() => false, 'the end of the connection', options);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#unread.take(this.#unread.length);
  }

  /**
   * Waits until the server ends the connection, and throws away what it still sends.
   *
   * @returns how it did.
   * @throws what else went wrong with the connection, such as a TLS alert.
   */
  async waitForEnd(options?: WaitOptions): Promise<ConnectionEnd> {
    const discard = (): boolean => {
      this.#unread.clear();
      return false;
    };
    await this.#fill(discard, 'the end of the connection', options);
    if (this.#failure === undefined) return 'end';
    if (isReset(this.#failure)) return 'reset';
    throw this.#failure;
  }

  /** Ends the writing side (FIN) after everything sent; reading goes on. */
  async halfClose(options?: WaitOptions): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#stream.duplex.end(() => resolve());
    });
    await this.#within(ended, () => 'the kernel to take the end of the stream', options);
  }

  /** Ends the connection at once: what is not yet out is lost, and a TCP server sees a reset. */
  async reset(options?: WaitOptions): Promise<void> {
    this.#isClosed = true;
    if (!this.#stream.duplex.destroyed) this.#stream.reset();
    await this.#within(this.#closed, () => 'the connection to close', options);
  }

  /** Ends the connection as a process does that exits: what the kernel has still goes out. Idempotent. */
  async close(options?: WaitOptions): Promise<void> {
    this.#isClosed = true;
    this.#stream.duplex.destroy();
    await this.#within(this.#closed, () => 'the connection to close', options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #received(bytes: Buffer): void {
    this.#bytesRead += bytes.length;
    this.#unread.push(bytes);
    this.#look?.();
  }

  #over(failure: NodeJS.ErrnoException | undefined): void {
    this.#hasEnded = true;
    this.#failure ??= failure;
    this.#look?.();
  }

  /** Reads until `isEnough`, the end or the limit of the wait. */
  async #fill(isEnough: () => boolean, what: string, options: WaitOptions | undefined): Promise<void> {
    if (this.#look !== undefined) throw new TypeError(`Cannot read ${what}: another read must end first`);
    if (isEnough()) return;
    this.#refuseIfClosed(what);
    if (this.#hasEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#look = () => {
      if (isEnough() || this.#hasEnded) resolve();
    };
    this.#stream.duplex.resume();
    try {
      await this.#within(promise, () => `${what}${this.#soFar}`, options);
    } finally {
      this.#look = undefined;
      this.#stream.duplex.pause();
    }
    if (!isEnough()) this.#refuseIfClosed(what);
  }

  #refuseIfClosed(what: string): void {
    if (this.#isClosed)
      throw new ConnectionClosedError(`Cannot read ${what}: this client closed its connection`);
  }

  #within<Result>(
    work: Promise<Result>,
    what: () => string,
    { waitMs = this.#waits.waitMs, signal = this.#waits.signal }: WaitOptions = {},
  ): Promise<Result> {
    const whole = (): string => `${what()} (connection to ${formatAddress(this.remoteAddress)})`;
    return within(work, whole, { waitMs, signal });
  }

  #tooEarly(what: string): Error {
    return this.#failure ?? new UnexpectedEndError(`${what}${this.#soFar}`);
  }

  /** What is there, for an error message. */
  get #soFar(): string {
    const { length } = this.#unread;
    if (length === 0) return '; nothing had come';
    const shown = JSON.stringify(this.#unread.peek(shownBytes).toString('latin1'));
    return `; ${length} bytes had come: ${shown}${length > shownBytes ? '...' : ''}`;
  }
}

/** Bytes that an error message shows. */
const shownBytes = 80;

const resetCodes = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** Whether an error says that the other side ended the connection at once. */
export function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && resetCodes.has(error.code);
}

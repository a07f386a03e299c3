import { ProtocolError, RcmdError } from '../errors.ts';
import { escapeControls } from '../protocol/escape-controls.ts';
import type { CommandEnd, CommandFailure, CommandStart } from '../protocol/command-end.ts';
import type { ChannelMessage } from '../protocol/message.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import type { OutputName } from '../protocol/stream-id.ts';
import { IncomingStream } from './incoming-stream.ts';
import type { Link } from './link.ts';
import { OutgoingStream } from './outgoing-stream.ts';

/** The server ran nothing. `code` is `NOT_STARTED`; `failure` says why. */
export class NotStartedError extends RcmdError {
  readonly failure: CommandFailure;

  constructor(failure: CommandFailure) {
    super('NOT_STARTED', `Nothing was run: ${escapeControls(failure.message)}`);
    this.failure = failure;
  }

  static {
    this.prototype.name = 'NotStartedError';
  }
}

/** One command as the client's side of a connection sees it. */
export class ClientChannel {
  readonly id: number;
  readonly stdout: IncomingStream;
  readonly stderr: IncomingStream;
  /** Usable once {@link started} has resolved. */
  stdin: OutgoingStream;
  /** Rejects with a {@link NotStartedError}, or what ended the connection. */
  readonly started: Promise<CommandStart>;
  /** How the command ended; rejects as {@link started} does. Settles whether or not anybody reads the streams' last bytes. */
  readonly ended: Promise<CommandEnd>;
  readonly #link: Link;
  readonly #closed: (channel: ClientChannel) => void;
  readonly #start = Promise.withResolvers<CommandStart>();
  readonly #end = Promise.withResolvers<CommandEnd>();
  #output: ((stream: OutputName) => void) | undefined;
  /** Whether the server knows of it. */
  #isAsked = false;
  #isOpen = true;

  constructor(
    link: Link,
    { id, closed }: { readonly id: number; readonly closed: (channel: ClientChannel) => void },
  ) {
    this.#link = link;
    this.id = id;
    this.#closed = closed;
    this.stdout = new IncomingStream(link, id, 'stdout');
    this.stderr = new IncomingStream(link, id, 'stderr');
    this.stdin = new OutgoingStream(link, id, 'stdin', 0);
    this.started = this.#start.promise;
    this.ended = this.#end.promise;
    // Whoever asks learns of it; that nobody does is no fault of the program's.
    this.started.catch(() => {});
    this.ended.catch(() => {});
  }

  /** Asks the server to run something. Called once. */
  open(request: Omit<OpenRequest, 'credit'>): void {
    const credit = { stdout: this.stdout.credit, stderr: this.stderr.credit };
    this.#isAsked = true;
    this.#link.send({ type: 'open', channel: this.id, request: { ...request, credit } });
  }

  /** Gives a channel up that was never opened. */
  withdraw(error: Error): void {
    this.lost(error);
    this.#closed(this);
  }

  /** Calls `listener` whenever a stream has something to read, in the order in which the server sent it. */
  onOutput(listener: (stream: OutputName) => void): void {
    this.#output = listener;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isOpen) this.#link.send({ type: 'signal', channel: this.id, signal });
  }

  /** Has the server end the command; what it still writes is thrown away. {@link ended} tells when it has. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#link.send({ type: 'abandon', channel: this.id });
    this.stdout.stop();
    this.stderr.stop();
    this.stdin.stop();
  }

  /** Tells the server, before the connection is closed, that nobody waits for the command any more. */
  leave(): void {
    if (this.#isAsked) this.#link.send({ type: 'abandon', channel: this.id });
  }

  /** The connection is gone. */
  lost(error: Error): void {
    this.#isOpen = false;
    this.stdout.fail(error);
    this.stderr.fail(error);
    this.stdin.stop();
    this.#start.reject(error);
    this.#end.reject(error);
  }

  /** @throws ProtocolError for a message that makes no sense here. */
  received(message: ChannelMessage): void {
    switch (message.type) {
      case 'started':
        this.stdin.allow(message.start.credit);
        this.#start.resolve(message.start);
        return;
      case 'failed': {
        const error = new NotStartedError(message.failure);
        this.#start.reject(error);
        this.#end.reject(error);
        this.#close();
        return;
      }
      case 'data':
      case 'eof':
        if (message.stream === 'stdin') throw new ProtocolError('a server must not send stdin');
        if (message.type === 'eof') this[message.stream].ended();
        else this[message.stream].received(message.bytes);
        this.#output?.(message.stream);
        return;
      case 'credit':
      case 'stop':
        if (message.stream !== 'stdin') throw new ProtocolError(`a server has no say over ${message.stream}`);
        if (message.type === 'stop') this.stdin.stop();
        else this.stdin.allow(message.bytes);
        return;
      case 'exit':
        this.#close();
        this.#end.resolve(message.end);
        return;
      default:
        throw new ProtocolError(`a server must not send ${message.type}`);
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.stdout.ended();
    this.stderr.ended();
    this.stdin.stop();
    this.#output?.('stdout');
    this.#closed(this);
  }
}

import { ProtocolError } from '../errors.ts';
import type { CommandEnd, CommandFailure, CommandStart } from '../protocol/command-end.ts';
import type { ChannelMessage } from '../protocol/message.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import { IncomingStream } from './incoming-stream.ts';
import type { Link } from './link.ts';
import { OutgoingStream } from './outgoing-stream.ts';

/** What a client asks of a command that runs. */
export interface ChannelRequests {
  signal(name: string): void;
  /** The client is done with it, or gone: it is to be ended. */
  abandoned(reason: 'client-signal' | 'client-gone'): void;
}

/** One command as the server's side of a connection sees it. */
export class ServerChannel {
  readonly id: number;
  readonly request: OpenRequest;
  readonly stdin: IncomingStream;
  readonly stdout: OutgoingStream;
  readonly stderr: OutgoingStream;
  readonly #link: Link;
  readonly #closed: (channel: ServerChannel) => void;
  #requests: ChannelRequests | undefined;
  #abandoned: 'client-signal' | 'client-gone' | undefined;

  constructor(
    link: Link,
    {
      id,
      request,
      closed,
    }: {
      readonly id: number;
      readonly request: OpenRequest;
      readonly closed: (channel: ServerChannel) => void;
    },
  ) {
    this.#link = link;
    this.id = id;
    this.request = request;
    this.#closed = closed;
    this.stdin = new IncomingStream(link, id, 'stdin');
    if (!request.stdin) this.stdin.ended();
    this.stdout = new OutgoingStream(link, id, 'stdout', request.credit.stdout);
    this.stderr = new OutgoingStream(link, id, 'stderr', request.credit.stderr);
  }

  /** Whether the client is done with it. */
  get isAbandoned(): boolean {
    return this.#abandoned !== undefined;
  }

  /** The command runs. `requests` learns what the client asks of it, what it asked meanwhile too. */
  started(start: Omit<CommandStart, 'credit'>, requests: ChannelRequests): void {
    this.#requests = requests;
    this.#link.send({ type: 'started', channel: this.id, start: { ...start, credit: this.stdin.credit } });
    if (this.#abandoned !== undefined) requests.abandoned(this.#abandoned);
  }

  /** Nothing runs: the last message. */
  failed(failure: CommandFailure): void {
    this.#link.send({ type: 'failed', channel: this.id, failure });
    this.#close();
  }

  /** The command has ended, and its output is sent: the last message. */
  ended(end: CommandEnd): void {
    void this.#link.sendData({ type: 'exit', channel: this.id, end });
    this.#close();
  }

  /** The connection is gone. */
  lost(error: Error): void {
    this.stdin.fail(error);
    this.#abandon('client-gone');
  }

  /** @throws ProtocolError for a message that makes no sense here. */
  received(message: ChannelMessage): void {
    switch (message.type) {
      case 'data':
      case 'eof':
        if (message.stream !== 'stdin') throw new ProtocolError(`a client must not send ${message.stream}`);
        if (message.type === 'eof') this.stdin.ended();
        else this.stdin.received(message.bytes);
        return;
      case 'credit':
      case 'stop': {
        if (message.stream === 'stdin')
          throw new ProtocolError('a client has no say over stdin, which it sends');
        if (message.type === 'stop') this[message.stream].stop();
        else this[message.stream].allow(message.bytes);
        return;
      }
      case 'signal':
        this.#requests?.signal(message.signal);
        return;
      case 'abandon':
        this.#abandon('client-signal');
        return;
      default:
        throw new ProtocolError(`a client must not send ${message.type} about a command that is open`);
    }
  }

  #abandon(reason: 'client-signal' | 'client-gone'): void {
    if (this.#abandoned !== undefined) return;
    this.#abandoned = reason;
    this.stdout.stop();
    this.stderr.stop();
    this.#requests?.abandoned(reason);
  }

  /** The last message ends the input, too: nothing may follow it, so nobody is told to stop. */
  #close(): void {
    this.stdin.ended();
    this.#closed(this);
  }
}

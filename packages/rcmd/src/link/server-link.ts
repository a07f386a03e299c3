import type { StreamSocket } from 'socketserver';
import { ProtocolError } from '../errors.ts';
import { preface } from '../protocol/frame.ts';
import type { GoAway } from '../protocol/go-away.ts';
import { agreedVersion, type Hello, protocolVersion } from '../protocol/hello.ts';
import { encodeMessage, type Message } from '../protocol/message.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { ConnectionLostError } from './connection-lost-error.ts';
import type { KeepAliveOptions } from './keep-alive.ts';
import { Link } from './link.ts';
import { ServerChannel } from './server-channel.ts';

/** Bytes that a client may say before it is answered. */
export const greetingBytes = 4_096;

/** What a server does about what comes over a connection. */
export interface ServerLinkOwner {
  /** A client asks for a command. It answers on the channel, now or later. */
  opened(channel: ServerChannel): void;
  /** What the server says about itself; `undefined` where the client may not know. */
  status(): Promise<ServerStatus | undefined>;
}

/** The server's end of a connection whose client is authenticated. */
export class ServerLink {
  readonly #link: Link;
  readonly #hello: Hello;
  readonly #channels = new Map<number, ServerChannel>();
  #lastId = 0;
  /** Questions after the status that wait for their answers. */
  #statusAsked = 0;
  #peer: Hello | undefined;

  constructor(
    socket: StreamSocket,
    { software, keepAlive }: { readonly software: string; readonly keepAlive?: KeepAliveOptions },
  ) {
    this.#link = new Link(socket, keepAlive);
    this.#hello = { min: protocolVersion, max: protocolVersion, features: [], software };
  }

  /** What the client said about itself. */
  get peer(): Hello | undefined {
    return this.#peer;
  }

  /** Commands that are open. */
  get openChannels(): number {
    return this.#channels.size;
  }

  /**
   * Reads how the client begins, and answers.
   *
   * @param admit - says why the client may not go on, if it may not.
   * @returns whether it may.
   * @throws {@link ProtocolError} for what is no client of ours; the errors of the socket.
   */
  async greet(admit?: () => Promise<GoAway | undefined>): Promise<boolean> {
    const begin = await this.#link.socket.readExactly(preface.length);
    if (!begin.equals(preface)) throw new ProtocolError('the peer does not begin as a client of rcmd does');
    const first = await this.#link.readFirst(greetingBytes - preface.length);
    if (first?.type !== 'hello') throw new ProtocolError('the first message of a client must be HELLO');
    agreedVersion(this.#hello, first.hello);
    this.#peer = first.hello;
    const goAway = await admit?.();
    if (goAway !== undefined) {
      await this.#link.socket.sendall(Buffer.concat(encodeMessage({ type: 'go-away', goAway })));
      return false;
    }
    this.#link.send({ type: 'hello', hello: this.#hello });
    return true;
  }

  /** Serves the connection to its end. Resolves with why it ended, once every command was told. */
  async run(owner: ServerLinkOwner): Promise<Error> {
    const received = (message: Message): void => this.#received(message, owner);
    const end = await this.#link.run({ received, isAnsweredInStep: true });
    const error = this.#isMeant(end)
      ? new ConnectionLostError('the client closed it', { isMeant: true })
      : end;
    for (const channel of this.#channels.values()) channel.lost(error);
    return error;
  }

  /** Whether the client meant to leave: it says so by closing with nothing open, or nothing that it has not abandoned. */
  #isMeant(end: Error): boolean {
    if (!(end instanceof ConnectionLostError) || end.goAway !== undefined || end.isMeant) return false;
    const open = [...this.#channels.values()];
    // One that abandons and closes at once may do so with a reset: what we still sent was not read.
    const { hasPeerEnded } = this.#link;
    const hasLeft =
      end.cause === undefined ? hasPeerEnded : isReset(end.cause) && (hasPeerEnded || open.length > 0);
    return hasLeft && open.every(({ isAbandoned }) => isAbandoned);
  }

  /** Ends the connection in good order. */
  close(goAway: GoAway): void {
    this.#link.close(goAway);
  }

  #received(message: Message, owner: ServerLinkOwner): void {
    if (message.type === 'open') {
      const { channel: id, request } = message;
      if (id <= this.#lastId || id % 2 === 0) {
        throw new ProtocolError(
          `a client must open channels with odd numbers above ${this.#lastId}, got ${id}`,
        );
      }
      this.#lastId = id;
      const channel = new ServerChannel(this.#link, {
        id,
        request,
        closed: (one) => this.#channels.delete(one.id),
      });
      this.#channels.set(id, channel);
      owner.opened(channel);
    } else if (message.type === 'status') {
      this.#statusAsked += 1;
      if (this.#statusAsked === 1) void this.#answerStatus(owner);
    } else if ('channel' in message) {
      if (message.channel > this.#lastId)
        throw new ProtocolError(`channel ${message.channel} was never opened`);
      this.#channels.get(message.channel)?.received(message); // else it has ended meanwhile
    } else {
      throw new ProtocolError(`a client must not send ${message.type}`);
    }
  }

  /** One answer after the other, each as the one before is sent: they are many times as long as the question. */
  async #answerStatus(owner: ServerLinkOwner): Promise<void> {
    for (; this.#statusAsked > 0 && this.#link.failure === undefined; this.#statusAsked -= 1) {
      let status: ServerStatus | undefined;
      try {
        status = await owner.status();
      } catch (error) {
        const message = `the server cannot tell its status: ${(error as Error).message}`;
        this.#link.close({ code: 'BUSY', message });
        return;
      }
      if (status === undefined) {
        this.#link.close({ code: 'DENIED', message: 'you may not ask for the status of this server' });
        return;
      }
      this.#link.send({ type: 'status-answer', status });
      await this.#link.controlSent();
    }
  }
}

/** Whether the peer cut the connection off, and not this side, as a server does that waits for nobody. */
function isReset(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

import type { StreamSocket } from 'socketserver';
import { ProtocolError } from '../errors.ts';
import { preface } from '../protocol/frame.ts';
import { agreedVersion, type Hello, protocolVersion } from '../protocol/hello.ts';
import { encodeMessage, type Message } from '../protocol/message.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { ClientChannel } from './client-channel.ts';
import { ConnectionLostError } from './connection-lost-error.ts';
import type { KeepAliveOptions } from './keep-alive.ts';
import { Link } from './link.ts';

/** Options of {@link ClientLink}. */
export interface ClientLinkOptions {
  readonly software: string;
  readonly keepAlive?: KeepAliveOptions | undefined;
}

/** The client's end of a connection to an authenticated server. */
export class ClientLink {
  readonly #link: Link;
  readonly #hello: Hello;
  readonly #channels = new Map<number, ClientChannel>();
  #nextId = 1;
  #peer: Hello | undefined;
  #statusWaiters: PromiseWithResolvers<ServerStatus>[] = [];
  #ended: Promise<Error> | undefined;

  constructor(socket: StreamSocket, { software, keepAlive }: ClientLinkOptions) {
    this.#link = new Link(socket, keepAlive);
    this.#hello = { min: protocolVersion, max: protocolVersion, features: [], software };
  }

  /** What the server said about itself. */
  get peer(): Hello | undefined {
    return this.#peer;
  }

  /** Why the connection is over, if it is. */
  get failure(): Error | undefined {
    return this.#link.failure;
  }

  /** Commands that are open. */
  get openChannels(): number {
    return this.#channels.size;
  }

  /**
   * Begins the conversation, and reads on until the connection ends.
   *
   * @throws {@link ConnectionLostError} where the server turns us away; ProtocolError for what is no server of ours; the errors of the
   *   socket.
   */
  async greet(): Promise<void> {
    const { socket } = this.#link;
    await socket.sendall(Buffer.concat([preface, ...encodeMessage({ type: 'hello', hello: this.#hello })]));
    const first = await this.#link.readFirst();
    if (first === undefined) throw new ConnectionLostError('the server closed it before it said anything');
    if (first.type === 'go-away') {
      throw new ConnectionLostError(first.goAway.message, { goAway: first.goAway });
    }
    if (first.type !== 'hello') throw new ProtocolError('the first message of a server must be HELLO');
    agreedVersion(this.#hello, first.hello);
    this.#peer = first.hello;
    this.#ended = this.#run();
  }

  /** Resolves with why the connection ended, once every command was told. */
  get whenEnded(): Promise<Error> {
    return this.#ended ?? Promise.resolve(new ConnectionLostError('it was never begun'));
  }

  /** A channel for one command; over a connection that is over, one that is lost already. */
  newChannel(): ClientChannel {
    const id = this.#nextId;
    this.#nextId += 2;
    const channel = new ClientChannel(this.#link, { id, closed: (one) => this.#channels.delete(one.id) });
    if (this.#link.failure === undefined) this.#channels.set(id, channel);
    else channel.lost(this.#link.failure);
    return channel;
  }

  /** Asks the server about itself. @throws what ended the connection. */
  async status(): Promise<ServerStatus> {
    if (this.#link.failure !== undefined) throw this.#link.failure;
    const waiter = Promise.withResolvers<ServerStatus>();
    this.#statusWaiters.push(waiter);
    this.#link.send({ type: 'status' });
    return waiter.promise;
  }

  /** Resolves after one round trip. */
  ping(): Promise<void> {
    return this.#link.roundTrip();
  }

  /** Ends the connection; the server ends the commands that are open, and is told that this is meant. */
  close(): void {
    for (const channel of this.#channels.values()) channel.leave();
    this.#link.close();
  }

  async #run(): Promise<Error> {
    const error = await this.#link.run({ received: (message) => this.#received(message) });
    for (const channel of this.#channels.values()) channel.lost(error);
    this.#channels.clear();
    for (const waiter of this.#statusWaiters) waiter.reject(error);
    this.#link.socket.close();
    return error;
  }

  #received(message: Message): void {
    if (message.type === 'status-answer') {
      this.#statusWaiters.shift()?.resolve(message.status);
    } else if ('channel' in message) {
      const channel = this.#channels.get(message.channel);
      if (channel === undefined) throw new ProtocolError(`channel ${message.channel} is not open`);
      channel.received(message);
    } else {
      throw new ProtocolError(`a server must not send ${message.type}`);
    }
  }
}

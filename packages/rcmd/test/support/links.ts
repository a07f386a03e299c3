import { BaseRequestHandler, ConcurrentTCPServer, connect, type StreamSocket } from 'socketserver';
import { ClientLink } from '../../src/link/client-link.ts';
import type { KeepAliveOptions } from '../../src/link/keep-alive.ts';
import { ServerLink, type ServerLinkOwner } from '../../src/link/server-link.ts';
import { preface as clientPreface } from '../../src/protocol/frame.ts';
import { type Message, messageCodec } from '../../src/protocol/message.ts';

/** Both ends of a connection. */
export interface Linked extends AsyncDisposable {
  readonly client: ClientLink;
  readonly server: ServerLink;
  /** Why the server's end is over. */
  readonly ended: Promise<Error>;
}

const nobody: ServerLinkOwner = {
  opened: () => {},
  status: () => Promise.resolve(undefined),
};

interface Pair extends AsyncDisposable {
  readonly socket: StreamSocket;
  readonly server: ServerLink;
  /** The server's end of the connection. */
  readonly served: StreamSocket;
  readonly ended: Promise<Error>;
}

/** A connection whose server's end is a link. */
async function socketPair(owner: Partial<ServerLinkOwner>, keepAlive: KeepAliveOptions): Promise<Pair> {
  const link = Promise.withResolvers<Pick<Pair, 'server' | 'served'>>();
  const ended = Promise.withResolvers<Error>();
  class Handler extends BaseRequestHandler {
    override async handle(): Promise<void> {
      const server = new ServerLink(this.request, { software: 'test server', keepAlive });
      link.resolve({ server, served: this.request });
      try {
        await server.greet();
        ended.resolve(await server.run({ ...nobody, ...owner }));
      } catch (error) {
        ended.reject(error);
      }
    }
  }
  const server = new ConcurrentTCPServer(['127.0.0.1', 0], Handler);
  const serving = server.serveForever();
  const socket = await connect(server.serverAddress);
  ended.promise.catch(() => {}); // the test asks for it, or not
  return {
    socket,
    ...(await link.promise),
    ended: ended.promise,
    [Symbol.asyncDispose]: async () => {
      socket.reset();
      await server.serverClose();
      await serving;
    },
  };
}

/** Two links that have greeted each other. */
export async function linkPair(
  owner: Partial<ServerLinkOwner>,
  keepAlive: KeepAliveOptions = {},
): Promise<Linked> {
  const pair = await socketPair(owner, keepAlive);
  const client = new ClientLink(pair.socket, { software: 'test client', keepAlive });
  await client.greet();
  return {
    client,
    server: pair.server,
    ended: pair.ended,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await client.whenEnded;
      await pair[Symbol.asyncDispose]();
    },
  };
}

/** A client that sends what it likes. */
export interface RawPeer extends Pair {
  /** All that the server sends until it ends the connection. */
  messages(): Promise<Message[]>;
}

/** A client that has sent a preface and nothing more. */
export async function rawPeer(
  owner: Partial<ServerLinkOwner>,
  {
    preface = clientPreface,
    keepAlive = {},
  }: { readonly preface?: Buffer; readonly keepAlive?: KeepAliveOptions } = {},
): Promise<RawPeer> {
  const pair = await socketPair(owner, keepAlive);
  await pair.socket.sendall(preface);
  return {
    ...pair,
    messages: async () => {
      const messages: Message[] = [];
      for await (const message of pair.socket.frames(messageCodec)) messages.push(message);
      return messages;
    },
  };
}

import { once } from 'node:events';
import { join } from 'node:path';
import { connect as connectTLS, type TLSSocket } from 'node:tls';
import { connect } from 'socketserver';
import { createServer, type RcmdServer, type RcmdServerOptions, type ServerEvent } from '../../src/index.ts';
import { ClientLink } from '../../src/link/client-link.ts';
import type { CommandEnd } from '../../src/protocol/command-end.ts';
import { preface } from '../../src/protocol/frame.ts';
import { encodeMessage, type Message, messageCodec } from '../../src/protocol/message.ts';
import type { OpenRequest } from '../../src/protocol/open-request.ts';
import type { RcmdPaths } from '../../src/paths/rcmd-paths.ts';
import { type Identity, loadIdentity } from '../../src/trust/identity.ts';
import { temporaryFolder } from './commands.ts';

/** A server that serves, in folders of its own. */
export interface TestServer extends AsyncDisposable {
  readonly server: RcmdServer;
  readonly paths: RcmdPaths;
  /** What it has told so far. */
  readonly events: ServerEvent[];
  /** Waits for an event of that type, also one that was there before. */
  event<Type extends ServerEvent['type']>(type: Type): Promise<Extract<ServerEvent, { type: Type }>>;
  /** Waits until so many clients were turned away. @returns why. */
  refusals(count: number): Promise<string[]>;
  /** A client on the first Unix socket. */
  client(): Promise<TestClient>;
}

/** Folders of a test's own, and a socket in them. */
export function testPaths(folder: string): RcmdPaths & { readonly socket: string } {
  const paths = {
    config: join(folder, 'config'),
    state: join(folder, 'state'),
    runtime: join(folder, 'run'),
  };
  return { ...paths, socket: join(folder, 'run', 'server.sock') };
}

/** Options of a server, whose addresses may name a socket in its own folders. */
type TestServerOptions = Omit<RcmdServerOptions, 'listen'> & {
  readonly listen?: RcmdServerOptions['listen'] | ((socket: string) => readonly string[]);
};

export async function startServer({ listen, ...options }: TestServerOptions = {}): Promise<TestServer> {
  using parts = new DisposableStack();
  const folder = parts.use(temporaryFolder());
  const { socket, ...ownPaths } = testPaths(folder.path);
  const paths = { ...ownPaths, ...options.paths };
  const events: ServerEvent[] = [];
  let told = Promise.withResolvers<void>();
  const server = await createServer({
    listen: typeof listen === 'function' ? listen(socket) : (listen ?? `unix:${socket}`),
    ...options,
    // A worker may take long to start: what is to be cut off for its time has less of it.
    admission: { authenticationMs: 600_000, ...options.admission },
    paths,
    onEvent: (event) => {
      events.push(event);
      told.resolve();
      told = Promise.withResolvers();
    },
  });
  const serving = server.serve();
  const kept = parts.move();
  return {
    server,
    paths,
    events,
    event: async (type) => {
      for (;;) {
        const found = events.find((event) => event.type === type);
        if (found !== undefined) return found as never;
        await told.promise;
      }
    },
    refusals: async (count) => {
      for (;;) {
        const reasons = events.flatMap((event) =>
          event.type === 'connection-refused' ? [event.reason] : [],
        );
        if (reasons.length >= count) return reasons;
        await told.promise;
      }
    },
    client: () => connectClient(server.addresses.find((address) => address.startsWith('unix:'))!),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await serving;
      kept.dispose();
    },
  };
}

/** Starts a server that is to be refused: one that starts all the same is closed, so that the test fails instead of hanging. */
export async function startRefused(options: TestServerOptions): Promise<void> {
  await using _ = await startServer(options);
}

/** A client that has greeted a server. */
export interface TestClient extends AsyncDisposable {
  readonly link: ClientLink;
  run(request: Partial<OpenRequest>, input?: string): Promise<Ran>;
  /** Ends the connection as a client's death does: nothing is said. */
  cutOff(): void;
}

/** What a command wrote, and how it ended. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly end: CommandEnd;
}

export async function connectClient(address: string): Promise<TestClient> {
  const socket = await connect(address);
  const link = new ClientLink(socket, { software: 'test' });
  await link.greet().catch((error: unknown) => {
    socket.close();
    throw error;
  });
  return {
    link,
    run: (request, input) => runOver(link, request, input),
    cutOff: () => socket.reset(),
    [Symbol.asyncDispose]: async () => {
      link.close();
      await link.whenEnded;
    },
  };
}

async function runOver(link: ClientLink, request: Partial<OpenRequest>, input?: string): Promise<Ran> {
  const channel = link.newChannel();
  channel.open({ stdin: input !== undefined, ...request });
  if (input !== undefined) {
    await channel.started;
    await channel.stdin.write(Buffer.from(input));
    channel.stdin.end();
  }
  const [stdout, stderr, end] = await Promise.all([
    textOf(channel.stdout),
    textOf(channel.stderr),
    channel.ended,
  ]);
  return { stdout, stderr, end };
}

export async function textOf(stream: { read(): Promise<Buffer | undefined> }): Promise<string> {
  const pieces: Buffer[] = [];
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) pieces.push(bytes);
  return Buffer.concat(pieces).toString();
}

/** The identity of a folder that is not the server's. */
export async function otherIdentity(folder: string): Promise<Identity> {
  return loadIdentity(folder);
}

/** Asks a TLS listener to run one command. @returns all that it says until it closes the connection. */
export async function runOverTLS(
  address: string,
  identity: Identity | undefined,
  request: Partial<OpenRequest> = { argv: ['true'] },
): Promise<Message[]> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connectTLS({
    host,
    port: Number(port),
    ALPNProtocols: ['rcmd/1'],
    rejectUnauthorized: false,
    ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key }),
  });
  await once(socket, 'secureConnect');
  const hello = { min: 1, max: 1, features: [], software: 'test' };
  const open = { stdin: false, credit: { stdout: 1_000_000, stderr: 1_000_000 }, ...request } as OpenRequest;
  socket.write(Buffer.concat([preface, ...encodeMessage({ type: 'hello', hello })]));
  socket.write(Buffer.concat(encodeMessage({ type: 'open', channel: 1, request: open })));
  return messagesOf(socket);
}

async function messagesOf(socket: TLSSocket): Promise<Message[]> {
  const messages: Message[] = [];
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      for (
        let next = messageCodec.decode(bytes, 0);
        typeof next === 'object';
        next = messageCodec.decode(bytes, 0)
      ) {
        messages.push(next.message);
        bytes = bytes.subarray(next.size);
      }
      if (messages.some(({ type }) => type === 'exit' || type === 'failed')) socket.end();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
  return messages;
}

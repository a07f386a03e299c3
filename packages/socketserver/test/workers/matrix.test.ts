import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import type { EngineChoice, InetAddress, SocketAddress } from '../../src/index.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { UnixDatagramClient } from '../support/unix-datagram-client.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { DatagramExchange, StreamExchange } from './handlers/matrix.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const directory = mkdtempSync(join(tmpdir(), 'socketserver-matrix-'));
after(() => authority[Symbol.dispose]());
after(() => rmSync(directory, { recursive: true }));

const workerData = { shared: [1, 'two'] };
const models = ['', 'Concurrent', 'Threading', 'Forking'] as const;

/** Any server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  serveForever(): Promise<void>;
  serverClose(): Promise<void>;
  handleError: (request: unknown, clientAddress: SocketAddress, error: unknown) => void;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

function serverClass(name: string): AnyServerClass {
  return (library as unknown as Record<string, AnyServerClass>)[name]!;
}

/** Starts a server, and gives the errors that it learns of. */
function start(Server: AnyServerClass, [address, handler, options]: [unknown, unknown, object]) {
  const server = new Server(address, handler, { workerData, ...options });
  const errors: unknown[] = [];
  const waiting: (() => void)[] = [];
  server.handleError = (_request, _clientAddress, error) => {
    errors.push((error as { code?: unknown }).code);
    waiting.shift()?.();
  };
  const loop = server.serveForever();
  const nextError = async (): Promise<unknown> => {
    if (errors.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    return errors.shift();
  };
  return { server, loop, nextError };
}

const streamTransports = {
  TCPServer: {
    address: ['127.0.0.1', 0],
    options: {},
    connect: async (address: SocketAddress) => {
      const [host, port] = address as InetAddress;
      const socket = net.connect({ host, port, allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
  },
  TLSServer: {
    address: ['127.0.0.1', 0],
    options: { tls: { cert, key } },
    connect: (address: SocketAddress) => connectTLS(address as InetAddress, { ca: authority.cert }),
  },
  UnixStreamServer: {
    address: join(directory, 'stream'),
    options: {},
    connect: async (path: SocketAddress) => {
      const socket = net.connect({ path: path as string, allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
  },
} as const;

/** One exchange of everything, in plain values. */
async function streamExchange(
  Server: AnyServerClass,
  transport: (typeof streamTransports)[keyof typeof streamTransports],
  engine: EngineChoice,
): Promise<object> {
  const { server, loop, nextError } = start(Server, [
    transport.address,
    StreamExchange,
    { engine, ...transport.options },
  ]);
  const ask = async (bytes: string): Promise<string> => {
    const client = await transport.connect(server.serverAddress);
    client.end(bytes);
    return text(client);
  };
  const askOpen = async (bytes: string): Promise<string> => {
    const client = await transport.connect(server.serverAddress);
    client.write(bytes);
    const answer = await text(client);
    client.destroy();
    return answer;
  };
  const long = 'x'.repeat(500_000);
  const outcome = {
    echo: await ask('echo\nhello'),
    echoOfMuch: (await ask(`echo\n${long}`)) === long,
    facts: JSON.parse(await askOpen('facts\n')) as unknown,
    error: [await askOpen('error\n'), await nextError()],
    timeout: [await askOpen('timeout\n'), await nextError()],
    afterErrors: await ask('echo\nstill here'),
    shutdown: await askOpen('shutdown\n'),
  };
  await loop;
  await server.serverClose();
  return outcome;
}

/** Makes one exchange of everything that datagrams can do. */
async function datagramExchange(
  Server: AnyServerClass,
  { address, engine, ask, send }: DatagramTransport,
): Promise<void> {
  const { server, loop, nextError } = start(Server, [
    address,
    DatagramExchange,
    { engine, maxPacketSize: 100 },
  ]);
  const { serverAddress } = server;
  assert.equal(await ask('word', serverAddress), '4 false');
  assert.equal(await ask('x'.repeat(200), serverAddress), '100 true');
  assert.deepEqual(JSON.parse(await ask('facts', serverAddress)), { workerData, isTruncated: false });
  await send('error', serverAddress);
  assert.equal(await nextError(), 'EASKED');
  assert.equal(await ask('shutdown', serverAddress), 'shut down');
  await loop;
  await server.serverClose();
}

/** How a datagram exchange is made. */
interface DatagramTransport {
  readonly address: SocketAddress;
  readonly engine: EngineChoice;
  /** Sends, and gives the answer, which must come from the server's address. */
  readonly ask: (data: string, server: SocketAddress) => Promise<string>;
  readonly send: (data: string, server: SocketAddress) => Promise<void>;
}

for (const [engineName, engine] of workerEngines) {
  for (const [base, transport] of Object.entries(streamTransports)) {
    for (const model of models) {
      it(`${model}${base} on the ${engineName} engine makes the same exchange as all others`, async () => {
        assert.deepEqual(await streamExchange(serverClass(`${model}${base}`), transport, engine), {
          echo: 'hello',
          echoOfMuch: true,
          facts: { workerData, isTLS: base === 'TLSServer' },
          error: ['partial', 'EASKED'],
          timeout: ['', 'SOCKET_TIMEOUT'],
          afterErrors: 'still here',
          shutdown: 'shut down',
        });
      });
    }
  }

  describe(`datagrams on the ${engineName} engine`, () => {
    for (const model of models) {
      it(`${model}UDPServer makes the same exchange as all others`, async () => {
        await using client = new DatagramClient();
        await datagramExchange(serverClass(`${model}UDPServer`), {
          address: ['127.0.0.1', 0],
          engine,
          ask: async (data, server) => {
            await client.send(data, server as InetAddress);
            const [answer, sender] = await client.next();
            assert.deepEqual(sender, server);
            return answer.toString();
          },
          send: (data, server) => client.send(data, server as InetAddress),
        });
      });
    }

    // Node has no such sockets.
    for (const model of engineName === 'native' ? models : []) {
      it(`${model}UnixDatagramServer makes the same exchange as all others`, async () => {
        await using client = new UnixDatagramClient(join(directory, `client-${model}`));
        await datagramExchange(serverClass(`${model}UnixDatagramServer`), {
          address: join(directory, `server-${model}`),
          engine,
          ask: async (data, server) => {
            await client.send(data, server as string);
            const { bytes, remoteAddress } = await client.next();
            assert.equal(remoteAddress, server);
            return bytes.toString();
          },
          send: (data, server) => client.send(data, server as string),
        });
      });
    }
  });
}

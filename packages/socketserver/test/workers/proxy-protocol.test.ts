import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import * as library from '../../src/index.ts';
import {
  type EngineChoice,
  type InetAddress,
  type ProxyHeaderFields,
  type ServerStats,
  type SocketAddress,
  writeProxyHeader,
} from '../../src/index.ts';
import { closed } from '../support/closed.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { TellClient } from './handlers/proxied.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const directory = mkdtempSync(join(tmpdir(), 'socketserver-proxied-'));
after(() => authority[Symbol.dispose]());
after(() => rmSync(directory, { recursive: true }));

/** Any stream server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  verifyRequest: (request: unknown, clientAddress: SocketAddress) => boolean;
  stats(): ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

const transports = {
  TCPServer: { address: () => ['127.0.0.1', 0], options: {} },
  TLSServer: { address: () => ['127.0.0.1', 0], options: { tls: { cert, key } } },
  UnixStreamServer: { address: () => join(directory, `socket-${performance.now()}`), options: {} },
} as const;

type Transport = keyof typeof transports;

function start(name: string, transport: Transport, options: object): AnyServer {
  type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;
  const Server = (library as unknown as Record<string, AnyServerClass>)[name]!;
  return new Server(transports[transport].address(), TellClient, {
    proxyProtocol: { from: transport === 'UnixStreamServer' ? 'all' : ['127.0.0.1'] },
    ...transports[transport].options,
    ...options,
  });
}

/** What the handler told, and the lines that follow. */
interface Told {
  readonly clientAddress: SocketAddress;
  readonly peer: SocketAddress;
  readonly proxy: Record<string, unknown> | undefined;
  readonly protocol: string | undefined;
}

async function connectTo(address: SocketAddress): Promise<Socket> {
  const socket = typeof address === 'string' ? net.connect(address) : net.connect(address[1], address[0]);
  await once(socket, 'connect');
  return socket;
}

/** A client behind a balancer, which this test plays. */
class ProxiedClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** @param first - sent in the same packet as the header, where the client speaks plain. */
  static async to(
    server: AnyServer,
    { header, isTLS, first = '' }: { header: Buffer; isTLS: boolean; first?: string },
  ): Promise<ProxiedClient> {
    const socket = await connectTo(server.serverAddress);
    if (!isTLS) {
      socket.write(Buffer.concat([header, Buffer.from(first)]));
      return new ProxiedClient(socket);
    }
    socket.write(header);
    const secured = tls.connect({ socket, ca: authority.cert, servername: 'localhost' });
    await once(secured, 'secureConnect');
    if (first !== '') secured.write(first);
    return new ProxiedClient(secured);
  }

  async told(): Promise<Told> {
    return JSON.parse(await this.next()) as Told;
  }

  async ask(line: string): Promise<string> {
    this.#socket.write(`${line}\n`);
    return this.next();
  }

  async next(): Promise<string> {
    const { value } = (await this.#lines.next()) as { value?: string };
    return value ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }
}

const source: InetAddress = ['192.0.2.1', 56_324];
const destination: InetAddress = ['198.51.100.7', 443];
const fields: ProxyHeaderFields = {
  source,
  destination,
  authority: 'example.com',
  uniqueId: 'connection-7',
  ssl: { verified: true, commonName: 'alice' },
  tlvs: [{ type: 0xea, value: Buffer.from([1, 2]) }],
  hasChecksum: true,
};

for (const [engineName, engine] of workerEngines as readonly (readonly [string, EngineChoice])[]) {
  for (const model of ['', 'Concurrent', 'Threading', 'Forking']) {
    for (const transport of Object.keys(transports) as Transport[]) {
      const name = `${model}${transport}`;
      const isTLS = transport === 'TLSServer';
      const isUnix = transport === 'UnixStreamServer';

      describe(`${name} behind a proxy, on the ${engineName} engine`, () => {
        const server = start(name, transport, { engine });
        const verified: SocketAddress[] = [];
        server.verifyRequest = (_request, clientAddress) => {
          verified.push(clientAddress);
          return clientAddress[0] !== '192.0.2.66';
        };
        let loop: AsyncDisposable;
        before(() => (loop = serving(server)));
        after(() => loop[Symbol.asyncDispose]());

        it('shows the real client to verifyRequest and to the handler, and the rest as request.proxy', async () => {
          await using client = await ProxiedClient.to(server, {
            header: writeProxyHeader(fields),
            isTLS,
            first: 'at once\n',
          });
          assert.deepEqual(await client.told(), {
            clientAddress: source,
            peer: source,
            proxy: {
              version: 2,
              command: 'PROXY',
              transport: 'TCP4',
              source,
              destination,
              authority: 'example.com',
              uniqueId: 'connection-7',
              verified: true,
              tlvs: [[0xea, '0102']],
              isFrozen: true,
              hasPeer: true,
            },
            ...(isTLS ? { protocol: 'TLSv1.3' } : {}),
          });
          assert.deepEqual(verified, [source]);
          assert.equal(await client.next(), 'at once');
          assert.equal(await client.ask('and later'), 'and later');
        });

        it('takes a health check of the proxy itself, and a client of unknown address, for the peer', async () => {
          for (const header of [writeProxyHeader({}), writeProxyHeader({ version: 1 })]) {
            await using client = await ProxiedClient.to(server, { header, isTLS });
            const { clientAddress, proxy } = await client.told();
            assert.equal(isUnix ? clientAddress : clientAddress[0], isUnix ? '' : '127.0.0.1');
            assert.equal(proxy?.['transport'], 'UNKNOWN');
          }
        });

        it('ends a client that verifyRequest refuses for its real address', async () => {
          const refused = await connectTo(server.serverAddress);
          refused.resume();
          const ended = closed(refused);
          refused.write(writeProxyHeader({ source: ['192.0.2.66', 1], destination }));
          if (isTLS) {
            const secured = tls.connect({ socket: refused, ca: authority.cert, servername: 'localhost' });
            secured.on('error', () => {});
          }
          await ended;
          const header = writeProxyHeader({ source: ['192.0.2.2', 1], destination, version: 1 });
          await using client = await ProxiedClient.to(server, { header, isTLS });
          assert.deepEqual((await client.told()).clientAddress, ['192.0.2.2', 1]);
        });

        it('resets who sends no header, counts it as failed once, and says nothing of it', async () => {
          using stderr = captureStderr();
          const server = start(name, transport, { engine, timeouts: { proxyHeaderMs: 50 } });
          await using _ = serving(server);
          const part = writeProxyHeader(fields).subarray(0, 20);
          const sent = ['GET / HTTP/1.1\r\n\r\n', undefined, part];
          const ends = sent.map(async (bytes) => {
            const socket = await connectTo(server.serverAddress);
            if (bytes === part) socket.end(part);
            else if (bytes !== undefined) socket.write(bytes);
            await closed(socket.resume());
          });
          await Promise.all(ends);
          await until(() => server.stats().failed === 3);
          const { accepted, served, failed, active } = server.stats();
          assert.deepEqual(
            { accepted, served, failed, active },
            { accepted: 3, served: 0, failed: 3, active: 0 },
          );
          assert.equal(stderr.text(), '');
        });
      });
    }
  }
}

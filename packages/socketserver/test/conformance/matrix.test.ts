/**
 * One exchange over every server class, as `SocketServerTest` of CPython's `test_socketserver.py` has it: all its
 * twelve rows by name, and one for each class of our own. The rows of Unix datagrams need the native engine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentTLSServer,
  ConcurrentUDPServer,
  ConcurrentUnixDatagramServer,
  ConcurrentUnixStreamServer,
  ForkingTCPServer,
  ForkingTLSServer,
  ForkingUDPServer,
  ForkingUnixDatagramServer,
  ForkingUnixStreamServer,
  type SocketAddress,
  TCPServer,
  ThreadingTCPServer,
  ThreadingTLSServer,
  ThreadingUDPServer,
  ThreadingUnixDatagramServer,
  ThreadingUnixStreamServer,
  TLSServer,
  UDPServer,
  UnixDatagramServer,
  UnixStreamServer,
} from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { askOverStream, askOverTLS, askOverUDP, askOverUnixDatagram } from './clients.ts';
import { EchoLine, EchoPacketLine } from './handlers.ts';

const loopback = ['127.0.0.1', 0] as const;
const hello = 'hello world\n';

/** What a row needs of its server. */
interface Conforming {
  readonly serverAddress: SocketAddress;
  readonly socket: { readonly address: SocketAddress };
  readonly activeChildren?: ReadonlySet<number>;
  handleError(request: unknown, clientAddress: unknown, error: unknown): Promise<void> | void;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
  fileno(): number;
}

/** Serves three clients, stops and closes. @see CPython `SocketServerTest.run_server` */
async function runServer<Server extends Conforming>(
  server: Server,
  ask: (server: Server) => Promise<string>,
) {
  server.handleError = (_request, _clientAddress, error) => {
    throw error;
  };
  assert.deepEqual(server.serverAddress, server.socket.address);
  const loop = server.serveForever();
  for (let client = 1; client <= 3; client += 1) assert.equal(await ask(server), hello);
  await server.shutdown();
  await loop;
  await server.serverClose();
  assert.equal(server.fileno(), -1);
  assert.equal(server.activeChildren?.size ?? 0, 0);
}

/** As {@link runServer}, while a child that is not the server's ends: its status is still there. [bpo-1540386] */
async function runForkingServer<Server extends Conforming>(
  server: Server,
  ask: (server: Server) => Promise<string>,
) {
  const foreign = spawn(process.execPath, [
    '--eval',
    'process.stdin.resume().once("end", () => process.exit(72))',
  ]);
  const exited = once(foreign, 'exit');
  foreign.stdin.end();
  await runServer(server, ask);
  assert.deepEqual(await exited, [72, null]);
}

const directory = mkdtempSync(join(tmpdir(), 'ss-'));
after(() => rmSync(directory, { recursive: true }));

describe('three clients of a TCP server each get their line back', () => {
  for (const [engineName, createEngine] of engines) {
    for (const Server of [TCPServer, ConcurrentTCPServer]) {
      it(`test_${Server.name}, ${engineName} engine`, async () => {
        const engine = createEngine();
        const server = new Server(loopback, EchoLine, { engine });
        await runServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello, engine));
      });
    }
  }

  for (const [engineName, engine] of workerEngines) {
    it(`test_ThreadingTCPServer, ${engineName} engine`, async () => {
      const server = new ThreadingTCPServer(loopback, EchoLine, { engine });
      await runServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello));
    });

    it(`test_ForkingTCPServer, ${engineName} engine`, async () => {
      const server = new ForkingTCPServer(loopback, EchoLine, { engine });
      await runForkingServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello));
    });
  }
});

describe('three clients of a Unix stream server each get their line back', () => {
  const path = join(directory, 'stream');

  for (const [engineName, createEngine] of engines) {
    for (const Server of [UnixStreamServer, ConcurrentUnixStreamServer]) {
      it(`test_${Server.name}, ${engineName} engine`, async () => {
        const engine = createEngine();
        const server = new Server(path, EchoLine, { engine });
        await runServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello, engine));
      });
    }
  }

  for (const [engineName, engine] of workerEngines) {
    it(`test_ThreadingUnixStreamServer, ${engineName} engine`, async () => {
      const server = new ThreadingUnixStreamServer(path, EchoLine, { engine });
      await runServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello));
    });

    it(`test_ForkingUnixStreamServer, ${engineName} engine`, async () => {
      const server = new ForkingUnixStreamServer(path, EchoLine, { engine });
      await runForkingServer(server, ({ serverAddress }) => askOverStream(serverAddress, hello));
    });
  }
});

describe('three clients of a TLS server each get their line back', () => {
  const authority = new TestAuthority();
  after(() => authority[Symbol.dispose]());
  const { cert, key } = authority.issue('server', { names: 'IP:127.0.0.1' });

  for (const [engineName, engine] of workerEngines) {
    for (const Server of [TLSServer, ConcurrentTLSServer, ThreadingTLSServer, ForkingTLSServer]) {
      it(`test_${Server.name}, ${engineName} engine`, async () => {
        const server = new Server(loopback, EchoLine, { engine, tls: { cert, key } });
        await runServer(server, ({ serverAddress }) => askOverTLS(serverAddress, hello, authority.cert));
      });
    }
  }
});

describe('three clients of a UDP server each get their line back', () => {
  for (const [engineName, engine] of workerEngines) {
    for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer]) {
      it(`test_${Server.name}, ${engineName} engine`, async () => {
        const server = new Server(loopback, EchoPacketLine, { engine });
        await runServer(server, ({ serverAddress }) => askOverUDP(serverAddress, hello));
      });
    }

    it(`test_ForkingUDPServer, ${engineName} engine`, async () => {
      const server = new ForkingUDPServer(loopback, EchoPacketLine, { engine });
      await runForkingServer(server, ({ serverAddress }) => askOverUDP(serverAddress, hello));
    });
  }
});

describe('three clients of a Unix datagram server each get their line back', () => {
  const ask = async ({ serverAddress }: { readonly serverAddress: string }) => {
    const ownPath = join(directory, 'client');
    const answer = await askOverUnixDatagram(serverAddress, hello, ownPath);
    unlinkSync(ownPath);
    return answer;
  };

  for (const [engineName, engine] of workerEngines.filter(([name]) => name === 'native')) {
    for (const Server of [
      UnixDatagramServer,
      ConcurrentUnixDatagramServer,
      ThreadingUnixDatagramServer,
      ForkingUnixDatagramServer,
    ]) {
      it(`test_${Server.name}, ${engineName} engine`, async () => {
        await runServer(new Server(join(directory, 'datagram'), EchoPacketLine, { engine }), ask);
      });
    }
  }
});

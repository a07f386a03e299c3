import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConcurrentTLSServer, connect, StreamRequestHandler } from '../../src/index.ts';
import { type Issued, TestAuthority } from '../support/tls-material.ts';

class Echo extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile) await this.wfile.write(line);
    await this.wfile.write(`from ${this.request.tls?.peerCertificate?.subject ?? 'nobody'}`);
  }
}

describe('connect({ tls })', () => {
  let authority: TestAuthority;
  let own: Issued;
  let theirs: Issued;

  before(() => {
    authority = new TestAuthority();
    own = authority.issue('client');
    theirs = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
  });

  after(() => authority[Symbol.dispose]());

  async function serve(body: (port: number) => Promise<void>): Promise<void> {
    await using server = new ConcurrentTLSServer(['127.0.0.1', 0], Echo, {
      tls: {
        cert: theirs.cert,
        key: theirs.key,
        alpnProtocols: ['echo/1'],
        clientCertificates: { mode: 'request', ca: authority.cert },
      },
    });
    const serving = server.serveForever();
    await body(server.serverAddress[1]);
    await server.shutdown();
    await serving;
  }

  it('talks to a server whose certificate counts, and shows its own', async () => {
    await serve(async (port) => {
      const { cert, key } = own;
      await using socket = await connect(['localhost', port], {
        tls: { ca: authority.cert, cert, key, alpnProtocols: ['echo/1'], minVersion: 'TLSv1.3' },
      });
      assert.deepEqual([socket.tls?.protocol, socket.tls?.alpnProtocol], ['TLSv1.3', 'echo/1']);
      assert.deepEqual([socket.tls?.authorized, socket.tls?.serverName], [true, 'localhost']);
      await socket.sendall('hello\n');
      assert.equal((await socket.readline()).toString(), 'hello\n');
      socket.shutdown('write');
      assert.equal((await socket.readline()).toString(), 'from CN=client');
    });
  });

  it('has memory be the sender’s again when a send has resolved, however slowly the peer reads', async () => {
    await serve(async (port) => {
      await using socket = await connect(['localhost', port], { tls: { ca: authority.cert } });
      const rounds = 200;
      const memory = Buffer.alloc(65_000);
      const lineOf = (round: number): string => `${String.fromCharCode(97 + (round % 26)).repeat(64_999)}\n`;
      const sending = (async () => {
        for (let round = 0; round < rounds; round += 1) {
          memory.write(lineOf(round));
          void socket.sendall(`${round}\n`); // so that there is something before it, or there is not
          await socket.sendall(memory);
          if (round % 3 === 0) await socket.sendall('');
        }
        memory.fill('!');
      })();
      for (let round = 0; round < rounds; round += 1) {
        if (round % 10 === 0) await nextTurn();
        assert.equal((await socket.readline()).toString(), `${round}\n`);
        assert.equal((await socket.readline()).toString(), lineOf(round));
      }
      await sending;
    });
  });

  it('has memory be the sender’s again also behind a send of nothing', async () => {
    await serve(async (port) => {
      await using socket = await connect(['localhost', port], { tls: { ca: authority.cert } });
      await socket.sendall('');
      const memory = Buffer.from('hello\n');
      await socket.sendall(memory);
      memory.fill('!', 0, 5);
      assert.equal((await socket.readline()).toString(), 'hello\n');
    });
  });

  it('refuses a certificate of another authority, or for another name', async () => {
    await serve(async (port) => {
      const refused = { code: 'TLS_HANDSHAKE' };
      await assert.rejects(connect(['127.0.0.1', port], { tls: {} }), refused);
      const tls = { ca: authority.cert, serverName: 'elsewhere.example' };
      await assert.rejects(connect(['127.0.0.1', port], { tls }), refused);
    });
  });

  it('lets verifyServer decide instead, before anything is sent', async () => {
    await serve(async (port) => {
      const fingerprint = new X509Certificate(theirs.cert).fingerprint256;
      const seen: unknown[] = [];
      await using socket = await connect(['127.0.0.1', port], {
        tls: { verifyServer: (facts) => void seen.push(facts.peerCertificate?.fingerprint256) },
      });
      assert.deepEqual(seen, [fingerprint]);
      await socket.sendall('hello\n');
      assert.equal((await socket.readline()).toString(), 'hello\n');
      const tls = { verifyServer: () => Promise.reject(new Error('not that one')) };
      await assert.rejects(connect(['127.0.0.1', port], { tls }), /not that one/);
    });
  });

  it('believes no authority where there is none, and lets verifyServer decide all the same', async () => {
    await serve(async (port) => {
      const address = ['127.0.0.1', port] as const;
      await assert.rejects(connect(address, { tls: { ca: [] } }), { code: 'TLS_HANDSHAKE' });
      const seen: unknown[] = [];
      const verifyServer = ({ authorized }: { readonly authorized: boolean }) => void seen.push(authorized);
      await using socket = await connect(address, { tls: { ca: [], verifyServer } });
      assert.deepEqual(seen, [false]);
      await socket.sendall('hello\n');
      assert.equal((await socket.readline()).toString(), 'hello\n');
      const wrong = { ca: [authority.cert] } as unknown as { ca: string };
      await assert.rejects(connect(address, { tls: wrong }), /options\.tls\.ca must be PEM text.*, or \[\]/);
    });
  });

  it('gives up at its signal while verifyServer thinks', async () => {
    await serve(async (port) => {
      const giving = new AbortController();
      const verifyServer = (): Promise<void> => {
        setImmediate(() => giving.abort(new Error('nobody answers')));
        return new Promise(() => {});
      };
      const { signal } = giving;
      await assert.rejects(connect(['127.0.0.1', port], { tls: { verifyServer }, signal }), /nobody answers/);
    });
  });

  it('fails where the server speaks no TLS, or goes', async () => {
    for (const answer of ['220 mail.example ESMTP\r\n', '']) {
      const server: Server = createServer((socket) => socket.end(answer).on('error', () => {}));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await assert.rejects(connect(['127.0.0.1', port], { tls: {} }), { code: 'TLS_HANDSHAKE' });
      server.close();
    }
  });

  it('gives up when told to, also while the server says nothing', async () => {
    await using silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const giveUp = new AbortController();
    silent.on('connection', (socket) => {
      socket.on('error', () => {}).resume();
      giveUp.abort(new Error('no time'));
    });
    await assert.rejects(connect(['127.0.0.1', port], { tls: {}, signal: giveUp.signal }), /no time/);
  });

  it('refuses options that make no sense', async () => {
    const at = ['127.0.0.1', 1] as const;
    await assert.rejects(connect([...at], { tls: { cert: own.cert } }), /options\.tls\.key must be/);
    await assert.rejects(
      connect([...at], { tls: { rejectUnauthorized: false } as object }),
      /must have only the keys/,
    );
  });
});

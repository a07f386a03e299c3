import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import {
  BaseRequestHandler,
  ConcurrentTLSServer,
  connect,
  StreamRequestHandler,
  TCPServer,
  type TLSFailedEvent,
  type TLSFacts,
  TLSHandshakeError,
  type TLSOptions,
  TLSServer,
  type TLSServerOptions,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { type Issued, TestAuthority } from '../support/tls-material.ts';

const authority = new TestAuthority();
const stranger = new TestAuthority('Another Authority');
after(() => authority[Symbol.dispose]());
after(() => stranger[Symbol.dispose]());
const local = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const renewed = authority.issue('renewed', { names: 'DNS:localhost,IP:127.0.0.1' });
const other = authority.issue('other.example.org');
const wildcard = authority.issue('wildcard', { names: 'DNS:*.example.net' });
const alice = authority.issue('alice');
const mallory = stranger.issue('mallory');

const address = ['127.0.0.1', 0] as const;
const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const identity = ({ cert, key }: Issued) => ({ cert, key });
const trusting = { ca: authority.cert };

class EchoLine extends StreamRequestHandler {
  override async handle() {
    await this.wfile.write(await this.rfile.readline());
  }
}

/** Answers with what it knows of its client. */
class TellFacts extends BaseRequestHandler {
  override async handle() {
    const { peerCertificate, ...facts } = this.request.tls!;
    await this.request.sendall(JSON.stringify({ ...facts, peer: peerCertificate?.subject }));
  }
}

type Told = Omit<TLSFacts, 'peerCertificate'> & { readonly peer?: string };

async function ask(server: TLSServer, line: string, options: ConnectionOptions = trusting): Promise<string> {
  const client = await connectTLS(server.serverAddress, options);
  client.end(line);
  return text(client);
}

async function factsFor(server: TLSServer, options: ConnectionOptions = {}): Promise<Told> {
  return JSON.parse(await ask(server, '', { ...trusting, ...options })) as Told;
}

const subjectOf = (client: TLSSocket) => client.getPeerX509Certificate()?.subject;

/** The failed handshakes of one server; `next()` waits for one. */
function handshakeErrors(server: TLSServer) {
  const events: TLSFailedEvent[] = [];
  let wake = () => {};
  const listener = (message: unknown) => {
    const event = message as TLSFailedEvent;
    if (event.serverAddress !== server.serverAddress) return;
    events.push(event);
    wake();
  };
  subscribe('socketserver:tls:failed', listener);
  return {
    async next() {
      while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const { error, clientAddress } = events.shift()!;
      assert.equal(clientAddress[0], '127.0.0.1');
      assert.ok(error instanceof TLSHandshakeError);
      return error;
    },
    [Symbol.dispose]: () => void unsubscribe('socketserver:tls:failed', listener),
  };
}

for (const Server of [TLSServer, ConcurrentTLSServer]) {
  describe(`a ${Server.name}`, () => {
    for (const version of versions) {
      const only = { ...trusting, minVersion: version, maxVersion: version };

      it(`serves one client after the other over ${version}`, async () => {
        const server = new Server(address, EchoLine, { tls: identity(local) });
        await using _ = serving(server);
        for (const line of ['one\n', 'two\n', 'three\n']) assert.equal(await ask(server, line, only), line);
      });

      it(`answers a client that ended its side in full, over ${version}`, async () => {
        class Collect extends BaseRequestHandler {
          override async handle() {
            await this.request.sendall(await readAll(this.request));
          }
        }
        const server = new Server(address, Collect, { tls: identity(local) });
        await using _ = serving(server);
        const message = 'abcdefgh'.repeat(524_288);
        assert.equal(await ask(server, message, only), message);
      });

      it(`ends its side and goes on reading, over ${version}`, async () => {
        const { promise: rest, resolve } = Promise.withResolvers<string>();
        class EndFirst extends BaseRequestHandler {
          override async handle() {
            await this.request.sendall('the end');
            this.request.shutdown('write');
            resolve((await readAll(this.request)).toString());
          }
        }
        const server = new Server(address, EndFirst, { tls: identity(local) });
        await using _ = serving(server);
        const client = await connectTLS(server.serverAddress, only);
        assert.equal(await text(client), 'the end');
        client.end('my last words');
        assert.equal(await rest, 'my last words');
      });

      it(`resumes sessions over ${version}, also after its certificate was replaced`, async () => {
        const server = new Server(address, TellFacts, { tls: identity(local) });
        await using _ = serving(server);
        const session = await sessionOf(server, only);
        assert.equal((await factsFor(server, { ...only, session })).resumed, true);
        server.reloadTLS(identity(renewed));
        assert.equal((await factsFor(server, { ...only, session })).resumed, true);
        assert.equal((await factsFor(server, only)).resumed, false);
      });

      it(`resumes no session from before the rules for clients changed, over ${version}`, async () => {
        const clientCertificates = { mode: 'require', ca: authority.cert } as const;
        const server = new Server(address, TellFacts, { tls: { ...identity(local), clientCertificates } });
        await using _ = serving(server);
        const known = { ...only, ...identity(alice) };
        const session = await sessionOf(server, known);
        const resumed = await factsFor(server, { ...known, session });
        assert.deepEqual([resumed.resumed, resumed.authorized, resumed.peer], [true, true, 'CN=alice']);
        const ca = `${authority.cert}${stranger.cert}`;
        server.reloadTLS({ ...identity(local), clientCertificates: { mode: 'require', ca } });
        assert.equal((await factsFor(server, { ...known, session })).resumed, false);
      });
    }

    it('is not held up by clients that are silent, stall, or talk nonsense', async () => {
      using stderr = captureStderr();
      const server = new Server(address, EchoLine, { tls: identity(local) });
      using errors = handshakeErrors(server);
      await using _ = serving(server);
      const [host, port] = server.serverAddress;
      const silent = Array.from({ length: 20 }, () => net.connect({ host, port }).on('error', () => {}));
      silent[0]!.write(Buffer.from('160301', 'hex')); // the beginning of a record
      assert.equal(await ask(server, 'hello\n'), 'hello\n');
      for (const nonsense of ['GET / HTTP/1.0\r\n\r\n', Buffer.alloc(100_000, 0xff), '\0', 'SSH-2.0-x\r\n']) {
        const socket = net.connect({ host, port }).on('error', () => {});
        socket.end(nonsense);
        assert.match((await errors.next()).fault, /protocol|closed/);
        socket.destroy();
      }
      const vanished = net.connect({ host, port });
      await once(vanished, 'connect');
      vanished.resetAndDestroy();
      assert.equal(await ask(server, 'hello again\n'), 'hello again\n');
      for (const socket of silent) socket.destroy();
      assert.equal(stderr.text(), '');
    });

    it('ends handshakes that take longer than handshakeMs', async () => {
      const server = new Server(address, EchoLine, { tls: identity(local), timeouts: { handshakeMs: 1 } });
      using errors = handshakeErrors(server);
      await using _ = serving(server);
      const [host, port] = server.serverAddress;
      const stalled = net.connect({ host, port }).resume();
      const closed = once(stalled, 'close');
      assert.equal((await errors.next()).fault, 'timeout');
      await closed;
    });

    it('prints nothing when a client goes away during its request', async () => {
      using stderr = captureStderr();
      const { promise: over, resolve } = Promise.withResolvers<unknown>();
      class Drop extends BaseRequestHandler {
        override async handle() {
          await this.request.sendall('gone?');
          await this.request.recv(1).finally(() => resolve(undefined));
        }
      }
      const server = new Server(address, Drop, { tls: identity(local) });
      await using _ = serving(server);
      const carrier = net.connect({ host: '127.0.0.1', port: server.serverAddress[1] });
      const client = await connectTLS(server.serverAddress, { ...trusting, socket: carrier });
      client.on('error', () => {});
      await once(client, 'data');
      carrier.resetAndDestroy();
      await over;
      await new Promise(setImmediate);
      assert.equal(stderr.text(), '');
    });

    it('ends handshakes and waiting clients when it is closed', async () => {
      const server = new Server(address, EchoLine, { tls: identity(local), timeouts: { drainMs: 1 } });
      const loop = server.serveForever();
      const [host, port] = server.serverAddress;
      const silent = net
        .connect({ host, port })
        .resume()
        .on('error', () => {});
      await once(silent, 'connect');
      const closed = once(silent, 'close');
      await server.serverClose();
      await closed;
      await loop;
    });
  });
}

/** Makes a connection, and gives the session that its server lets it resume. */
async function sessionOf(server: TLSServer, options: ConnectionOptions): Promise<Buffer> {
  const [host, port] = server.serverAddress;
  const client = tls.connect({ ...options, host, port });
  const [[session]] = (await Promise.all([once(client, 'session'), once(client, 'secureConnect')])) as [
    [Buffer],
    [],
  ];
  client.destroy();
  return session;
}

describe('request.tls', () => {
  it('says what was agreed on', async () => {
    const server = new TLSServer(address, TellFacts, {
      tls: { ...identity(local), alpnProtocols: ['b', 'a'] },
    });
    await using _ = serving(server);
    const facts = await factsFor(server, {
      servername: 'localhost',
      ALPNProtocols: ['a', 'b'],
      maxVersion: 'TLSv1.2',
    });
    assert.equal(facts.protocol, 'TLSv1.2');
    assert.match(facts.cipher, /^TLS_ECDHE_/);
    assert.equal(facts.serverName, 'localhost');
    assert.equal(facts.alpnProtocol, 'b');
    assert.equal((await factsFor(server)).alpnProtocol, undefined);
    await assert.rejects(factsFor(server, { ALPNProtocols: ['c'] }), /no application protocol/i);
  });

  it('is undefined on a plain connection', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    class Look extends BaseRequestHandler {
      override handle() {
        resolve(this.request.tls);
      }
    }
    const server = new TCPServer(address, Look);
    await using _ = serving(server);
    await using _client = await connect(server.serverAddress);
    assert.equal(await promise, undefined);
  });
});

describe('the sni table', () => {
  it('chooses the certificate by name, by pattern of one label, or else the default', async () => {
    const sni = { 'Other.Example.org': identity(other), '*.example.net': identity(wildcard) };
    const server = new ConcurrentTLSServer(address, EchoLine, { tls: { ...identity(local), sni } });
    await using _ = serving(server);
    const expected: Record<string, string> = {
      'other.example.org': 'CN=other.example.org',
      'OTHER.example.org': 'CN=other.example.org',
      'a.example.net': 'CN=wildcard',
      'a.b.example.net': 'CN=localhost',
      'example.net': 'CN=localhost',
      'unknown.example.com': 'CN=localhost',
    };
    for (const [servername, subject] of Object.entries(expected)) {
      const client = await connectTLS(server.serverAddress, {
        ...trusting,
        servername,
        checkServerIdentity: () => undefined,
      });
      assert.equal(subjectOf(client), subject, servername);
      client.destroy();
    }
  });
});

describe('client certificates', () => {
  const withClients = (mode: 'require' | 'request', ca?: string) =>
    new ConcurrentTLSServer(address, TellFacts, {
      tls: { ...identity(local), clientCertificates: { mode, ca } },
    });

  for (const version of versions) {
    it(`are required: only clients that show one of the authority are served, over ${version}`, async () => {
      const server = withClients('require', authority.cert);
      using errors = handshakeErrors(server);
      await using _ = serving(server);
      const only = { minVersion: version, maxVersion: version };
      const facts = await factsFor(server, { ...only, ...identity(alice) });
      assert.deepEqual(
        [facts.authorized, facts.authorizationError, facts.peer],
        [true, undefined, 'CN=alice'],
      );
      await assert.rejects(factsFor(server, only));
      assert.equal((await errors.next()).fault, 'protocol');
      // Rejected after the client's side of the handshake: it sees the connection end without an answer.
      const answer = await factsFor(server, { ...only, ...identity(mallory) }).catch(() => undefined);
      assert.equal(answer, undefined);
      const error = await errors.next();
      assert.equal(error.fault, 'certificate');
      assert.match(error.message, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/);
    });
  }

  it('are requested: everybody is served, and the handler sees who is who', async () => {
    const server = withClients('request', authority.cert);
    await using _ = serving(server);
    const known = await factsFor(server, identity(alice));
    assert.deepEqual([known.authorized, known.peer], [true, 'CN=alice']);
    const unknown = await factsFor(server, identity(mallory));
    assert.deepEqual([unknown.authorized, unknown.peer], [false, 'CN=mallory']);
    assert.match(unknown.authorizationError ?? '', /^UNABLE_TO_/);
    const anonymous = await factsFor(server);
    assert.deepEqual(
      [anonymous.authorized, anonymous.authorizationError, anonymous.peer],
      [false, undefined, undefined],
    );
  });

  it('are believed from nobody where no authority is given', async () => {
    const server = withClients('request');
    await using _ = serving(server);
    const facts = await factsFor(server, identity(alice));
    assert.deepEqual([facts.authorized, facts.peer], [false, 'CN=alice']);
  });

  it('count for every host of the sni table', async () => {
    const options: TLSOptions = {
      ...identity(local),
      sni: { 'other.example.org': identity(other) },
      clientCertificates: { mode: 'require', ca: authority.cert },
    };
    const server = new ConcurrentTLSServer(address, TellFacts, { tls: options });
    await using _ = serving(server);
    const there = { servername: 'other.example.org' };
    assert.equal((await factsFor(server, { ...there, ...identity(alice) })).authorized, true);
    await assert.rejects(factsFor(server, { ...there, ...identity(mallory) }));
  });
});

describe('options of a TLS server', () => {
  it('set the oldest version', async () => {
    const server = new TLSServer(address, EchoLine, { tls: { ...identity(local), minVersion: 'TLSv1.3' } });
    await using _ = serving(server);
    await assert.rejects(ask(server, 'hello\n', { ...trusting, maxVersion: 'TLSv1.2' }), /protocol version/i);
    assert.equal(await ask(server, 'hello\n'), 'hello\n');
  });

  it('set the ciphers', async () => {
    const ciphers = 'TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-CHACHA20-POLY1305';
    const server = new TLSServer(address, TellFacts, { tls: { ...identity(local), ciphers } });
    await using _ = serving(server);
    for (const maxVersion of versions) {
      assert.match((await factsFor(server, { maxVersion })).cipher, /CHACHA20/);
    }
  });

  it('share ticket keys among servers', async () => {
    const ticketKeys = Buffer.alloc(48, 7);
    const servers = [1, 2].map(
      () => new TLSServer(address, TellFacts, { tls: { ...identity(local), ticketKeys } }),
    );
    await using _first = serving(servers[0]!);
    await using _second = serving(servers[1]!);
    const session = await sessionOf(servers[0]!, trusting);
    assert.equal((await factsFor(servers[1]!, { session })).resumed, true);
  });

  it('give no session to resume where there are to be no tickets', async () => {
    for (const sessionTickets of [true, false]) {
      const tls: TLSOptions = { ...identity(local), minVersion: 'TLSv1.3', sessionTickets };
      const server = new TLSServer(address, TellFacts, { tls });
      await using _ = serving(server);
      const session = await sessionOf(server, trusting);
      assert.equal((await factsFor(server, { session })).resumed, sessionTickets);
    }
  });

  it(
    'are refused by the constructor, with nothing left open',
    { skip: process.platform !== 'linux' },
    async () => {
      const descriptors = () => readdirSync('/proc/self/fd').length;
      const construct = (options: unknown) => new TLSServer(address, EchoLine, options as TLSServerOptions);
      const before = descriptors();
      assert.throws(() => construct(undefined), /Cannot construct TLSServer: options\.tls\.cert must be/);
      assert.throws(() => construct({ tls: { cert: local.cert, key: other.key } }), {
        code: 'BAD_CERTIFICATE',
      });
      assert.throws(
        () => construct({ tls: identity(local), limits: { maxHandshakes: 0 } }),
        /limits\.maxHandshakes must be/,
      );
      assert.throws(
        () => construct({ tls: identity(local), timeouts: { handshakeMs: -1 } }),
        /timeouts\.handshakeMs must be/,
      );
      assert.equal(descriptors(), before);
    },
  );
});

describe('reloadTLS', () => {
  const [certFile, keyFile] = [authority.path('live.pem'), authority.path('live.key')];
  const install = (issued: Issued) => {
    copyFileSync(issued.certFile, certFile);
    copyFileSync(issued.keyFile, keyFile);
  };
  const options = { tls: { cert: { file: certFile }, key: { file: keyFile } } };

  it('reads the files again, for new connections, and leaves those that are open alone', async () => {
    install(local);
    const server = new ConcurrentTLSServer(address, EchoLine, options);
    await using _ = serving(server);
    const early = await connectTLS(server.serverAddress, trusting);
    assert.equal(subjectOf(early), 'CN=localhost');
    install(renewed);
    server.reloadTLS();
    const late = await connectTLS(server.serverAddress, trusting);
    assert.equal(subjectOf(late), 'CN=renewed');
    late.destroy();
    early.end('still here\n');
    assert.equal(await text(early), 'still here\n');
  });

  it('keeps what it has when the new material is bad', async () => {
    install(local);
    const server = new ConcurrentTLSServer(address, EchoLine, options);
    await using _ = serving(server);
    writeFileSync(keyFile, other.key);
    assert.throws(() => server.reloadTLS(), {
      code: 'BAD_CERTIFICATE',
      fault: 'key-mismatch',
      message: /^Cannot reloadTLS: /,
    });
    assert.throws(() => server.reloadTLS({ ...identity(local), ciphers: 'ROT13' }), TypeError);
    assert.throws(() => server.reloadTLS({ cert: local.cert, key: other.key }), { fault: 'key-mismatch' });
    const client = await connectTLS(server.serverAddress, trusting);
    assert.equal(subjectOf(client), 'CN=localhost');
    client.destroy();
    install(renewed);
    server.reloadTLS(); // the files of the constructor: what was refused is not remembered
    const next = await connectTLS(server.serverAddress, trusting);
    assert.equal(subjectOf(next), 'CN=renewed');
    next.destroy();
  });
});

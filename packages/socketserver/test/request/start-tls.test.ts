import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import {
  BaseRequestHandler,
  CertificateError,
  ConcurrentTCPServer,
  connect,
  type HandshakeFault,
  StreamRequestHandler,
  TLSHandshakeError,
  type TLSOptions,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { socketPair } from '../support/socket-pair.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { assertEndGoesAlong } from './end-goes-along.ts';
import { until } from '../support/until.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const alice = authority.issue('alice');

const tls: TLSOptions = { cert, key };
const trusting = { serverName: 'localhost', ca: authority.cert };

function refusal(fault: HandshakeFault, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TLSHandshakeError, String(error));
    assert.equal(error.fault, fault);
    assert.match(error.message, message);
    return true;
  };
}

for (const [engineName, createEngine] of engines) {
  describe(`TLS that begins on an open connection, on the ${engineName} engine`, () => {
    const pair = () => socketPair(createEngine());

    it('encrypts what follows, and shows on both sides what was agreed on', async () => {
      await using ends = await pair();
      ends.peer.settimeout(20);
      await ends.client.sendall('STARTTLS\n');
      assert.equal((await ends.peer.readline()).toString(), 'STARTTLS\n');
      await ends.peer.sendall('go ahead\n');
      assert.equal((await ends.client.readline()).toString(), 'go ahead\n');
      const before = ends.peer.tls;
      assert.equal(before, undefined);
      const peername = ends.peer.getpeername();
      const { signal } = ends.peer;
      await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
      assert.equal(ends.peer.tls?.protocol, 'TLSv1.3');
      assert.equal(ends.peer.tls.serverName, 'localhost');
      assert.equal(ends.client.tls?.authorized, true);
      assert.equal(ends.client.tls.peerCertificate?.subject, 'CN=localhost');
      assert.equal(ends.client.tls.authorizationError, undefined);
      assert.deepEqual(ends.peer.getpeername(), peername);
      assert.equal(ends.peer.gettimeout(), 20);
      assert.equal(ends.peer.signal, signal);
      await ends.client.sendall('secret\nquestion\n');
      const lines: string[] = [];
      for await (const line of ends.peer.lines()) {
        lines.push(line.toString());
        if (lines.length === 2) break;
      }
      assert.deepEqual(lines, ['secret\n', 'question\n']);
      await ends.peer.sendall('answer');
      ends.client.shutdown('write');
      assert.equal((await ends.peer.recv(1)).length, 0);
      ends.peer.close();
      assert.equal((await readAll(ends.client)).toString(), 'answer');
      assert.equal(ends.peer.bytesRead, 'STARTTLS\nsecret\nquestion\n'.length);
      assert.equal(ends.peer.bytesWritten, 'go ahead\nanswer'.length);
    });

    it('encrypts both ways at once, with back pressure', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
      const block = Buffer.alloc(2_000_000, 'b');
      const send = async (socket: typeof ends.peer) => {
        await socket.sendall(block);
        socket.shutdown('write');
      };
      const [there, back] = await Promise.all([
        readAll(ends.peer),
        readAll(ends.client),
        send(ends.client),
        send(ends.peer),
      ]);
      assert.deepEqual([there.length, back.length], [block.length, block.length]);
    });

    it('takes a handshake that the client has begun already, so that one port can serve both', async () => {
      await using ends = await pair();
      const connecting = ends.client.startTLS(trusting);
      assert.equal((await ends.peer.peek(1))[0], 22);
      await ends.peer.startTLS(tls);
      await connecting;
      await ends.client.sendall('hello');
      assert.equal((await ends.peer.readExactly(5)).toString(), 'hello');
    });

    it('fails on commands that were sent along in plain text, and never shows them to the handler', async () => {
      for (const together of [true, false]) {
        await using ends = await pair();
        await ends.client.sendall(together ? 'STARTTLS\nEVIL\n' : 'STARTTLS\n');
        await ends.peer.readline();
        if (together) await ends.peer.peek(5);
        else await ends.client.sendall('EVIL\n');
        const said =
          together && !engineName.endsWith('byte') ? /the client sent 5 bytes before it, in plain text/ : /./;
        await assert.rejects(ends.peer.startTLS(tls), refusal('protocol', said));
        await assert.rejects(ends.peer.readline(), { code: 'TLS_HANDSHAKE' });
        await assert.rejects(ends.peer.sendall('x'), { code: 'TLS_HANDSHAKE' });
        assert.equal(ends.peer.signal.aborted, true);
        await readAll(ends.client).catch(() => {});
      }
    });

    it('fails at the client when the server says anything before the handshake', async () => {
      await using ends = await pair();
      await ends.peer.sendall('go ahead\nand more');
      await ends.client.readline();
      await ends.client.peek(1);
      await assert.rejects(
        ends.client.startTLS(trusting),
        refusal('protocol', /the server sent \d+ bytes before it, in plain text/),
      );
    });

    it('fails where the certificate is for another name, or of an authority that does not count', async () => {
      for (const [options, why] of [
        [{ ...trusting, serverName: 'example.org' }, /does not count: ERR_TLS_CERT_ALTNAME_INVALID/],
        [{ serverName: 'localhost' }, /the server's certificate does not count: [A-Z_]+$/],
        [{ ...trusting, serverName: '127.0.0.2' }, /ERR_TLS_CERT_ALTNAME_INVALID/],
      ] as const) {
        await using ends = await pair();
        // In TLS 1.3 the server is done before it learns what its client thinks of the certificate.
        const serving = ends.peer.startTLS(tls).then(
          () => readAll(ends.peer),
          () => {},
        );
        await assert.rejects(ends.client.startTLS(options), refusal('certificate', why));
        await serving?.catch(() => {});
      }
      await using ends = await pair();
      await Promise.all([
        ends.client.startTLS({ ...trusting, serverName: '127.0.0.1' }),
        ends.peer.startTLS(tls),
      ]);
    });

    it('takes the other options of a TLS server, and of its clients', async () => {
      const server: TLSOptions = {
        cert,
        key,
        alpnProtocols: ['two/1', 'one/1'],
        clientCertificates: { mode: 'require', ca: authority.cert },
      };
      const client = { ...trusting, cert: alice.cert, key: alice.key, alpnProtocols: ['one/1'] };
      await using ends = await pair();
      await Promise.all([ends.client.startTLS(client), ends.peer.startTLS(server)]);
      assert.equal(ends.peer.tls?.peerCertificate?.subject, 'CN=alice');
      assert.equal(ends.peer.tls.alpnProtocol, 'one/1');
      assert.equal(ends.client.tls?.alpnProtocol, 'one/1');

      await using others = await pair();
      const refused = assert.rejects(
        others.peer.startTLS(server),
        refusal('protocol', /did not return a certificate/),
      );
      await others.client.startTLS({ ...trusting, alpnProtocols: ['one/1'] }).catch(() => {});
      await refused;
    });

    it('ends a client that sends more until its handshake is done than it may', async () => {
      const said = refusal('protocol', /the client sent \d+ bytes where 1000 may come$/);
      const bounded = { ...tls, maxHandshakeBytes: 1_000 };
      {
        await using ends = await pair(); // a handshake that goes on and on
        const begin = Buffer.from('\x16\x03\x01\x20\x00\x01\x00\x1f\xfc', 'latin1');
        await ends.client.sendall(begin);
        const refused = assert.rejects(ends.peer.startTLS(bounded), said);
        await ends.client.sendall(Buffer.alloc(1_000));
        await refused;
      }
      {
        await using ends = await pair(); // one that is done
        const refused = assert.rejects(ends.peer.startTLS(bounded), said);
        await ends.client.startTLS(trusting).catch(() => {});
        await refused;
        await assert.rejects(ends.peer.recv(1), { code: 'TLS_HANDSHAKE' });
      }
      {
        await using ends = await pair();
        const enough = { ...tls, maxHandshakeBytes: 8_192 };
        await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(enough)]);
      }
    });

    it('gives a Node stream that is encrypted when it is detached afterwards', async () => {
      await using ends = await pair();
      await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
      await ends.client.sendall('line\nrest');
      await ends.peer.readline();
      await ends.peer.peek(4);
      const stream = ends.peer.detach();
      await ends.client.sendall(' and more');
      ends.client.shutdown('write');
      assert.equal(await text(stream), 'rest and more');
      stream.end('answer');
      assert.equal((await readAll(ends.client)).toString(), 'answer');
      if (!stream.closed) await once(stream, 'close');
      assert.equal(ends.peer.bytesRead, 18);
      assert.equal(ends.peer.bytesWritten, 6);
    });

    it('shows a detached stream the end that was read before, and sends what that answers', async () => {
      for (const readBefore of ['nothing', 'the end'] as const) {
        await using ends = await pair();
        await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
        await assertEndGoesAlong(ends, readBefore);
      }
    });

    it('resets a detached stream that is encrypted', async () => {
      await using ends = await pair();
      await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
      const stream = ends.peer.detach();
      const closing = once(stream, 'close');
      ends.peer.reset();
      await closing;
      await assert.rejects(readAll(ends.client), { code: 'ECONNRESET' });
    });

    it('changes nothing where it is refused', async () => {
      await using ends = await pair();
      const misuses: readonly [options: unknown, message: RegExp][] = [
        [undefined, /Cannot startTLS: options\.cert must be PEM text/],
        [{}, /Cannot startTLS: options\.cert must be PEM text/],
        [{ cert }, /Cannot startTLS: options\.key must be PEM text/],
        [{ cert, key, port: 1 }, /Cannot startTLS: options must have only the keys .*, got port/],
        [{ serverName: '' }, /Cannot startTLS: options\.serverName must be a host name or an IP address/],
        [{ serverName: '*.example.org' }, /options\.serverName must be/],
        [{ serverName: 'localhost', cert }, /options\.key must be/],
        [
          { serverName: 'localhost', rejectUnauthorized: false },
          /options must have only the keys .*, got rejectUnauthorized/,
        ],
      ];
      for (const [options, message] of misuses) {
        await assert.rejects(ends.peer.startTLS(options as TLSOptions), { name: 'TypeError', message });
      }
      await assert.rejects(ends.peer.startTLS({ cert, key: alice.key }), CertificateError);
      const reading = ends.peer.readline();
      await assert.rejects(ends.peer.startTLS(tls), /Cannot startTLS: every read and send/);
      await ends.client.sendall('still plain\n');
      assert.equal((await reading).toString(), 'still plain\n');
      await Promise.all([ends.client.startTLS(trusting), ends.peer.startTLS(tls)]);
      await assert.rejects(ends.peer.startTLS(tls), {
        name: 'TypeError',
        message: 'Cannot startTLS: the connection must be plain, got one with TLS',
      });
      ends.peer.close();
      await assert.rejects(ends.peer.startTLS(tls), { code: 'CONNECTION_CLOSED' });
    });

    it('refuses every other operation meanwhile, and is ended by close()', async () => {
      await using ends = await pair();
      const handshake = assert.rejects(ends.peer.startTLS(tls), { code: 'CONNECTION_CLOSED' });
      const inHandshake = {
        code: 'CONNECTION_CLOSED',
        message: /the TLS handshake of the connection is not done: await startTLS\(\) first/,
      };
      await assert.rejects(ends.peer.recv(1), inHandshake);
      await assert.rejects(ends.peer.sendall('x'), inHandshake);
      assert.throws(() => ends.peer.detach(), inHandshake);
      assert.throws(() => ends.peer.shutdown('write'), inHandshake);
      await assert.rejects(ends.peer.startTLS(tls), inHandshake);
      ends.peer.close();
      await handshake;
      await assert.rejects(ends.peer.recv(1), { code: 'CONNECTION_CLOSED' });
      await readAll(ends.client).catch(() => {});
    });

    it('fails when the peer goes or ends instead', async () => {
      await using ends = await pair();
      const handshake = assert.rejects(ends.peer.startTLS(tls), refusal('closed', /./));
      ends.client.shutdown('write');
      await handshake;
    });
  });

  describe(`a server whose handler begins TLS, on the ${engineName} engine`, () => {
    class StartsTLS extends StreamRequestHandler {
      override async handle() {
        await this.rfile.readline();
        await this.wfile.write('go ahead\n');
        await this.request.startTLS(tls);
        for await (const line of this.rfile)
          await this.wfile.write(`${this.request.tls?.protocol} ${line.toString()}`);
      }
    }

    it('ends the request with an error where it does not come within handshakeMs, and prints nothing', async () => {
      const engine = createEngine();
      using stderr = captureStderr();
      const server = new ConcurrentTCPServer(['127.0.0.1', 0], StartsTLS, {
        engine,
        timeouts: { handshakeMs: 20 },
      });
      await using loop = serving(server);
      const client = await connect(server.serverAddress, { engine });
      await client.sendall('STARTTLS\n');
      assert.match((await readAll(client).catch(() => Buffer.from('go ahead\n'))).toString(), /^go ahead/);
      await until(() => server.stats().failed > 0);
      client.close();
      await loop[Symbol.asyncDispose]();
      assert.equal(stderr.text(), '');
    });

    it('is done by rfile and wfile as before, and tells its failures by their type', async () => {
      const engine = createEngine();
      const failed = Promise.withResolvers<unknown>();
      class Failing extends StartsTLS {
        override async handle() {
          await super.handle().catch(failed.resolve);
        }
      }
      const server = new ConcurrentTCPServer(['127.0.0.1', 0], Failing, { engine });
      await using _ = serving(server);
      const client = await connect(server.serverAddress, { engine });
      await client.sendall('STARTTLS\n');
      await client.readline();
      await client.startTLS(trusting);
      await client.sendall('hello\n');
      assert.equal((await client.readline()).toString(), 'TLSv1.3 hello\n');
      client.close();

      const impatient = await connect(server.serverAddress, { engine });
      await impatient.sendall('STARTTLS\nMAIL FROM:<evil@example.org>\n');
      refusal('protocol', /./)(await failed.promise);
      impatient.reset();
    });

    if (!engineName.startsWith('memory')) {
      it('resumes the sessions of its clients, since the options are one object', async () => {
        class TellsResumed extends StartsTLS {
          override async handle() {
            await this.request.startTLS(tls);
            await this.wfile.write(`${this.request.tls?.resumed}`);
          }
        }
        const server = new ConcurrentTCPServer(['127.0.0.1', 0], TellsResumed, { engine: createEngine() });
        await using _ = serving(server);
        let session: Buffer | undefined;
        const told: string[] = [];
        for (let round = 0; round < 2; round += 1) {
          const client = await connectTLS(server.serverAddress, { ca: authority.cert, session });
          client.on('session', (ticket) => (session = ticket));
          told.push(await text(client));
        }
        assert.deepEqual(told, ['false', 'true']);
      });
    }

    it('aborts its signal while the handshake runs, and ends it when the drain is over', async () => {
      const engine = createEngine();
      const ended = Promise.withResolvers<unknown>();
      class Draining extends BaseRequestHandler {
        override async handle() {
          const { signal } = this.request;
          const handshake = this.request.startTLS(tls);
          handshake.catch(() => {});
          await once(signal, 'abort');
          await handshake.catch(ended.resolve);
        }
      }
      const server = new ConcurrentTCPServer(['127.0.0.1', 0], Draining, {
        engine,
        timeouts: { drainMs: 5 },
      });
      const loop = server.serveForever();
      const client = await connect(server.serverAddress, { engine });
      await until(() => server.stats().active > 0);
      await server.serverClose();
      await loop;
      assert.equal(((await ended.promise) as { code: string }).code, 'SERVER_DRAINING');
      client.reset();
    });
  });
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectTCP, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTLS } from 'node:tls';
import { after, describe, it } from 'node:test';
import { join } from 'node:path';
import { preface } from '../../src/protocol/frame.ts';
import { encodeMessage, type Message, messageCodec } from '../../src/protocol/message.ts';
import type { ConcurrencyModel } from '../../src/server/listeners.ts';
import { type Identity, loadIdentity } from '../../src/trust/identity.ts';
import { temporaryFolder } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { portModels } from '../support/port-models.ts';
import { run } from '../support/programs.ts';
import { startServer, type TestServer } from '../support/servers.ts';

/** Lets every key in, so that nothing but the bytes is held against a client. */
function startBoth(model: ConcurrencyModel): Promise<TestServer> {
  return startServer({
    model,
    listen: (socket) => ['127.0.0.1:0', `unix:${socket}`],
    authorize: () => true,
    // Longer than any test: what is cut off is cut off for its bytes.
    admission: { authenticationMs: 600_000 },
  });
}

function dial(address: string): Socket {
  const [host, port] = address.split(':') as [string, string];
  return host === 'unix' ? connectTCP(port) : connectTCP(Number(port), host);
}

/** Waits for the end of a connection, however it comes. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
}

/** A greeting as it should be, but for its length. */
function greetingOf(bytes: number): Buffer {
  const greeting = (software: string): Buffer => {
    const hello = { min: 1, max: 1, features: [], software };
    return Buffer.concat([preface, ...encodeMessage({ type: 'hello', hello })]);
  };
  return greeting('x'.repeat(bytes - greeting('').length));
}

/** A key and its certificate, in files. */
interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());

/** Certificates for so many names: a client's is to be small, but nobody keeps it from that. */
async function makeCertificate(names: number): Promise<CertificateFiles> {
  const [cert, key] = [join(folder.path, `${names}.pem`), join(folder.path, `${names}.key`)];
  const list = Array.from({ length: names }, (_, index) => `DNS:a-name-of-some-length-${index}.example`);
  const make = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const subject = ['-subj', '/CN=client', '-addext', `subjectAltName=${list.join(',')}`];
  await run('openssl', [...make, ...subject, '-keyout', key, '-out', cert]);
  return { cert, key };
}

const small = makeCertificate(1);
const large = makeCertificate(2_000);
/** Of 5.5 KiB: it fits a handshake, but not its first message, which is where a ticket that held it would stand. */
const middling = makeCertificate(150);

/** Greets a server. @returns the session, to be resumed. @throws where the server does not answer. */
async function greet(address: string, { cert, key }: CertificateFiles, session?: Buffer): Promise<Buffer> {
  const [host, port] = address.split(':') as [string, string];
  const identity = { cert: readFileSync(cert), key: readFileSync(key), ...(session && { session }) };
  const own = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['rcmd/1'] };
  const socket = connectTLS({ ...own, ...identity });
  const [[given], [answer]] = await Promise.all([
    once(socket, 'session') as Promise<[Buffer]>,
    once(socket, 'data') as Promise<[Buffer]>,
    once(socket, 'secureConnect').then(() => socket.write(greetingOf(100))),
  ]);
  socket.destroy();
  assert.equal(answer[3], 1, 'HELLO');
  return given;
}

/** What a client with that certificate sends is passed on in small pieces, and only the first so many bytes of it. */
async function drip(address: string, { cert, key }: CertificateFiles, bytes: number): Promise<void> {
  const server = dial(address).setNoDelay();
  const isOver = closed(server);
  const listener = createServer((client) => {
    server.pipe(client.on('error', () => {}));
    void (async () => {
      let left = bytes;
      for await (const chunk of client as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length && left > 0; at += 64) {
          const piece = chunk.subarray(at, Math.min(at + 64, at + left, chunk.length));
          left -= piece.length;
          await new Promise((sent) => server.write(piece, () => setImmediate(sent)));
        }
      }
    })().catch(() => {});
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const identity = { cert: readFileSync(cert), key: readFileSync(key) };
  const own = { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['rcmd/1'] };
  const client = connectTLS({ ...own, ...identity }).on('error', () => {});
  await isOver;
  client.destroy();
  listener.close();
}

for (const model of portModels) {
  describe(`until a client of a ${model} server has said who it is, it may send`, () => {
    it('no certificate of 60 KiB', needs('openssl'), async () => {
      await using started = await startBoth(model);
      const client = ['s_client', '-quiet', '-ign_eof', '-alpn', 'rcmd/1', '-connect'];
      for (const { cert, key } of [await small, await large]) {
        const how = [...client, started.server.addresses[0]!, '-cert', cert, '-key', key];
        await run('openssl', how, { input: 'x'.repeat(64) });
      }
      const reasons = await started.refusals(2); // as workers tell of them, in any order
      assert.ok(
        reasons.some((reason) => /does not begin as a client of rcmd does/.test(reason)),
        reasons.join('\n'),
      );
      assert.ok(
        reasons.some((reason) => bytesSaidIn(reason) > 8_192),
        reasons.join('\n'),
      );
    });

    it('a certificate of 5.5 KiB, also where it has been there before', needs('openssl'), async () => {
      await using started = await startBoth(model);
      const [address = ''] = started.server.addresses;
      await greet(address, await middling, await greet(address, await middling));
      const { cert, key } = await middling;
      const file = join(folder.path, `${model}.session`);
      for (const session of ['-sess_out', '-sess_in']) {
        const client = ['s_client', '-quiet', '-ign_eof', '-alpn', 'rcmd/1', '-connect', address];
        await run('openssl', [...client, '-cert', cert, '-key', key, session, file], {
          input: 'x'.repeat(64),
        });
      }
      assert.ok(existsSync(file), 'it was given a session');
      const reasons = await started.refusals(2);
      for (const reason of reasons) assert.match(reason, /does not begin as a client of rcmd does/);
    });

    it('no handshake that goes on and on', needs('openssl'), async () => {
      await using started = await startBoth(model);
      await drip(started.server.addresses[0]!, await large, 10_000);
      const [reason] = await started.refusals(1);
      assert.ok(bytesSaidIn(reason) > 8_192, reason);
      assert.ok(bytesSaidIn(reason) <= 10_000, reason);
    });

    it('4 KiB of a greeting at most, on a port and on a Unix socket', async () => {
      await using started = await startBoth(model);
      const identity = await loadIdentity(started.paths.config);
      for (const address of started.server.addresses) {
        const [fits, tooLong] = [
          await answerTo(greetingOf(4_096), address, identity),
          await answerTo(greetingOf(4_097), address, identity),
        ];
        assert.equal(fits?.type, 'hello');
        assert.equal(tooLong, undefined);
      }
      for (const reason of await started.refusals(2))
        assert.match(reason, /the first message cannot be read/);
    });
  });
}

/** How many bytes a client is said to have sent. */
function bytesSaidIn(reason: string | undefined): number {
  return Number(/the client sent (\d+) bytes where 8192 may come$/.exec(reason ?? '')?.[1]);
}

/** Greets a server, over TLS on a port. @returns the first thing that it says, if it says any. */
async function answerTo(
  greeting: Buffer,
  address: string,
  { cert, key }: Identity,
): Promise<Message | undefined> {
  const raw = dial(address);
  const socket = address.startsWith('unix:')
    ? raw
    : connectTLS({ socket: raw, cert, key, ALPNProtocols: ['rcmd/1'], rejectUnauthorized: false });
  socket.write(greeting);
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      const next = messageCodec.decode(bytes, 0);
      if (typeof next === 'object') return next.message;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
  return undefined;
}

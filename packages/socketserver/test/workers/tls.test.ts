import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import {
  ForkingTLSServer,
  type InetAddress,
  ThreadingTLSServer,
  type TLSFailedEvent,
  type TLSOptions,
} from '../../src/index.ts';
import { closed } from '../support/closed.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { TellFacts } from './handlers/exchanges.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const names = 'DNS:localhost,IP:127.0.0.1';
const local = authority.issue('localhost', { names });
const renewed = authority.issue('renewed', { names });
const alice = authority.issue('alice');

const address = ['127.0.0.1', 0] as const;

interface Facts {
  readonly protocol: string;
  readonly resumed: boolean;
  readonly authorized: boolean;
  readonly peer: string;
}

interface Exchange {
  readonly facts: Facts;
  readonly session: Buffer | undefined;
  readonly certificate: string | undefined;
}

async function exchange(
  server: { serverAddress: InetAddress },
  options: ConnectionOptions,
): Promise<Exchange> {
  const client = await connectTLS(server.serverAddress, { ca: authority.cert, ...options });
  let session: Buffer | undefined;
  client.on('session', (ticket) => (session = ticket));
  const certificate = client.getPeerX509Certificate()?.subject;
  return { facts: JSON.parse(await text(client)) as Facts, session, certificate };
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingTLSServer, ForkingTLSServer]) {
    const start = (options: Partial<TLSOptions> = {}, timeouts = {}) =>
      new Server(address, TellFacts, {
        engine,
        workers: { min: 2, max: 2 },
        timeouts,
        tls: { cert: local.cert, key: local.key, ...options },
      });

    describe(`handshakes of ${Server.name} on the ${engineName} engine`, () => {
      it('show the client to the handler', async () => {
        const server = start({ clientCertificates: { mode: 'require', ca: authority.cert } });
        await using _ = serving(server);
        const { facts } = await exchange(server, { cert: alice.cert, key: alice.key });
        assert.deepEqual(facts, { protocol: 'TLSv1.3', resumed: false, authorized: true, peer: 'CN=alice' });
      });

      it('resume sessions also in another worker than the one that began them', async () => {
        const server = start();
        await using _ = serving(server);
        const { session } = await exchange(server, {});
        for (let round = 0; round < 6; round += 1) {
          const { facts } = await exchange(server, { session });
          assert.equal(facts.resumed, true);
        }
      });

      it('use new certificates after reloadTLS', async () => {
        const server = start();
        await using _ = serving(server);
        assert.equal((await exchange(server, {})).certificate, 'CN=localhost');
        server.reloadTLS({ cert: renewed.cert, key: renewed.key });
        for (let round = 0; round < 4; round += 1) {
          assert.equal((await exchange(server, {})).certificate, 'CN=renewed');
        }
      });

      it('that fail or take too long are published, and nothing else', async () => {
        const events: TLSFailedEvent[] = [];
        const server = start({}, { handshakeMs: 1_000 });
        const tlsErrors = channel('socketserver:tls:failed');
        const published = Promise.withResolvers<void>();
        const note = (event: unknown): void => {
          if ((event as TLSFailedEvent).serverAddress[1] !== server.serverAddress[1]) return;
          events.push(event as TLSFailedEvent);
          if (events.length === 2) published.resolve();
        };
        tlsErrors.subscribe(note);
        using stderr = captureStderr();
        await using _ = serving(server);
        const [host, port] = server.serverAddress;
        const talker = net.connect(port, host);
        talker.write('this is no handshake\n');
        const silent = net.connect(port, host);
        await Promise.all([closed(talker), closed(silent), published.promise]);
        tlsErrors.unsubscribe(note);
        const codes = events.map(({ error }) => (error as unknown as { code: string; fault: string }).fault);
        assert.deepEqual(
          codes.toSorted((one, other) => one.localeCompare(other)),
          ['protocol', 'timeout'],
        );
        assert.equal((await exchange(server, {})).facts.protocol, 'TLSv1.3');
        assert.equal(stderr.text(), '');
        const { accepted, failed } = server.stats();
        assert.deepEqual({ accepted, failed }, { accepted: 3, failed: 2 });
      });
    });
  }
}

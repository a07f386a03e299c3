import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { after, describe, it } from 'node:test';
import tls from 'node:tls';
import { ConcurrentTLSServer, StreamRequestHandler } from '../../src/index.ts';
import { closed } from '../support/closed.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });

/** The type of the records that alerts come in; in TLS 1.2, which does not hide it. [RFC 5246 6.2.1] */
const alertRecord = 21;

for (const [engineName, engine] of workerEngines) {
  describe(`the end of a TLS connection on the ${engineName} engine`, () => {
    it('is told by close_notify, before the FIN', async () => {
      class Hello extends StreamRequestHandler {
        override async handle() {
          await this.wfile.write('hello');
        }
      }
      const server = new ConcurrentTLSServer(['127.0.0.1', 0], Hello, { engine, tls: { cert, key } });
      await using _ = serving(server);
      const carrier = net.connect(server.serverAddress[1], '127.0.0.1');
      const records: number[] = [];
      let rest = Buffer.alloc(0);
      carrier.on('data', (bytes: Buffer) => {
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 5 && rest.length >= 5 + rest.readUInt16BE(3)) {
          records.push(rest[0]!);
          rest = rest.subarray(5 + rest.readUInt16BE(3));
        }
      });
      const ended = closed(carrier);
      const stream = Duplex.from({ readable: carrier, writable: carrier }).on('error', () => {});
      const client = tls.connect({
        socket: stream,
        ca: authority.cert,
        servername: 'localhost',
        maxVersion: 'TLSv1.2',
      });
      client.resume();
      await ended;
      assert.equal(records.at(-1), alertRecord);
      client.destroy();
      carrier.destroy();
    });

    it('is an end too where the peer sends FIN without close_notify', async () => {
      const heard = Promise.withResolvers<string>();
      class Hear extends StreamRequestHandler {
        override async handle() {
          heard.resolve((await this.rfile.read()).toString());
        }
      }
      const server = new ConcurrentTLSServer(['127.0.0.1', 0], Hear, { engine, tls: { cert, key } });
      await using _ = serving(server);
      const carrier = net.connect(server.serverAddress[1], '127.0.0.1');
      const stream = Duplex.from({ readable: carrier, writable: carrier }).on('error', () => {});
      const client = tls.connect({ socket: stream, ca: authority.cert, servername: 'localhost' });
      client.on('error', () => {});
      await once(client, 'secureConnect');
      await new Promise((resolve) => client.write('half a mess', resolve));
      carrier.end(); // below TLS
      assert.equal(await heard.promise, 'half a mess');
      client.destroy();
      carrier.destroy();
    });
  });
}

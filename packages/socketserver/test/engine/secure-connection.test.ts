import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { after, describe, it } from 'node:test';
import { secureConnection } from '../../src/engine/tls/secure-connection.ts';
import type { Connection } from '../../src/engine/contract/connection.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { StreamSocket, TLSHandshakeError, UnsupportedError } from '../../src/index.ts';
import { createTLSContexts } from '../../src/tls/tls-contexts.ts';
import { loadTLSMaterial } from '../../src/tls/tls-material.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { connectTLS } from '../support/tls-client.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const place = { action: 'Cannot test', path: 'options.tls' };
const contexts = createTLSContexts(
  loadTLSMaterial({ cert, key, alpnProtocols: ['echo/1'] }, { ...place, ticketKeys: Buffer.alloc(48, 1) }),
  place,
);
const trusting = { ca: authority.cert };
const patient = { handshakeMs: Infinity };

/** A listener of the node engine, without a server on it. */
async function withListener(
  use: (address: readonly [string, number], accepted: () => Promise<Connection>) => Promise<void>,
): Promise<void> {
  const listener = nodeEngine.bindStream(['127.0.0.1', 0], {
    reuseAddress: true,
    reusePort: false,
    ipv6Only: false,
  });
  listener.listen(16);
  const accepted = async () => {
    await new Promise<void>((resolve) => listener.notify(resolve));
    return listener.accept()!;
  };
  try {
    await use(listener.address as readonly [string, number], accepted);
  } finally {
    await listener.close();
  }
}

function refusal(fault: TLSHandshakeError['fault'], message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TLSHandshakeError);
    assert.equal(error.code, 'TLS_HANDSHAKE');
    assert.equal(error.fault, fault);
    assert.match(error.message, message);
    return true;
  };
}

describe('the handshake', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`turns an unread connection into one of the same contract, over ${version}`, async () => {
      await withListener(async (address, accepted) => {
        const connecting = connectTLS(address, {
          ...trusting,
          minVersion: version,
          maxVersion: version,
          ALPNProtocols: ['echo/1'],
        });
        const plain = await accepted();
        const secured = await secureConnection(plain, contexts, patient);
        assert.equal(secured.tls?.protocol, version);
        assert.equal(secured.tls.alpnProtocol, 'echo/1');
        assert.equal(secured.tls.serverName, undefined);
        assert.match(secured.tls.cipher, /^TLS_/);
        assert.deepEqual(secured.remoteAddress, plain.remoteAddress);
        assert.deepEqual(secured.localAddress, address);
        const socket = new StreamSocket(secured);
        assert.ok(socket.fileno() > 0);
        const client = await connecting;
        client.end('hello');
        assert.equal((await socket.readExactly(5)).toString(), 'hello');
        assert.equal((await socket.recv(1)).length, 0);
        await socket.sendall('goodbye');
        socket.close();
        assert.equal(await text(client), 'goodbye');
      });
    });
  }

  it('keeps what the client sent, and its end, from before anybody reads', async () => {
    await withListener(async (address, accepted) => {
      const connecting = connectTLS(address, trusting);
      const secured = await secureConnection(await accepted(), contexts, patient);
      const client = await connecting;
      client.end('early');
      await once(client, 'finish');
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      const socket = new StreamSocket(secured);
      assert.equal((await socket.readExactly(5)).toString(), 'early');
      assert.equal((await socket.recv(1)).length, 0);
      client.destroy();
      socket.close();
    });
  });

  it('fails when the client speaks something else', async () => {
    await withListener(async (address, accepted) => {
      const client = net.connect({ host: address[0], port: address[1] }).on('error', () => {});
      client.write('GET / HTTP/1.1\r\n\r\n');
      await assert.rejects(
        secureConnection(await accepted(), contexts, patient),
        refusal('protocol', /http request/),
      );
      client.destroy();
    });
  });

  it('fails when both sides have nothing in common', async () => {
    await withListener(async (address, accepted) => {
      const client = assert.rejects(connectTLS(address, { ...trusting, ALPNProtocols: ['other/1'] }), {
        code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      });
      await assert.rejects(
        secureConnection(await accepted(), contexts, patient),
        refusal('protocol', /no application protocol/i),
      );
      await client;
    });
  });

  it('fails when the client ends, resets, or had reset before', async () => {
    await withListener(async (address, accepted) => {
      for (const leave of [
        (socket: net.Socket) => socket.end(),
        (socket: net.Socket) => socket.resetAndDestroy(),
      ]) {
        const client = net.connect({ host: address[0], port: address[1] });
        const connection = await accepted();
        const failed = assert.rejects(
          secureConnection(connection, contexts, patient),
          refusal('closed', /./),
        );
        leave(client);
        await failed;
      }
      const gone = net.connect({ host: address[0], port: address[1] });
      const connection = await accepted();
      gone.resetAndDestroy();
      await once(gone, 'close');
      await assert.rejects(secureConnection(connection, contexts, patient), refusal('closed', /./));
    });
  });

  it('fails when the socket of the connection is destroyed already', async () => {
    const address = ['127.0.0.1', 1] as const;
    const gone = {
      localAddress: address,
      remoteAddress: address,
      toSocket: () => new net.Socket().destroy(),
    };
    const failed = secureConnection(gone as unknown as Connection, contexts, patient);
    await assert.rejects(failed, refusal('closed', /the client closed the connection/));
  });

  it('fails when it takes too long, and closes the connection', async () => {
    await withListener(async (address, accepted) => {
      const client = net.connect({ host: address[0], port: address[1] }).resume();
      const closed = once(client, 'close');
      const failed = secureConnection(await accepted(), contexts, { handshakeMs: 1 });
      await assert.rejects(failed, refusal('timeout', /within 1 ms/));
      await closed;
    });
  });

  it('gives up with the reason of its signal', async () => {
    await withListener(async (address, accepted) => {
      for (const abortFirst of [false, true]) {
        const client = net.connect({ host: address[0], port: address[1] }).on('error', () => {});
        const controller = new AbortController();
        const reason = new Error('closing time');
        const connection = await accepted();
        if (abortFirst) controller.abort(reason);
        const failed = assert.rejects(
          secureConnection(connection, contexts, { ...patient, signal: controller.signal }),
          reason,
        );
        controller.abort(reason);
        await failed;
        client.destroy();
      }
    });
  });
});

/** A handshake done, and both of its ends. */
async function secured(use: (connection: Connection, client: tls.TLSSocket) => Promise<void>): Promise<void> {
  await withListener(async (address, accepted) => {
    const connecting = connectTLS(address, trusting);
    const connection = await secureConnection(await accepted(), contexts, patient);
    const client = await connecting;
    try {
      await use(connection, client);
    } finally {
      client.destroy();
      connection.reset();
    }
  });
}

describe('a secured connection', () => {
  it('shows its client a reset', async () => {
    await secured(async (connection, client) => {
      const failed = once(client, 'error');
      connection.reset();
      const [error] = (await failed) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
      assert.equal(connection.isClosed, true);
      assert.equal(connection.fd, -1);
    });
  });

  it('reports a client that breaks the protocol later as a failure', async () => {
    await withListener(async (address, accepted) => {
      const carrier = net.connect({ host: address[0], port: address[1] });
      // Through a stream of our own, so that the carrier can be written to beside it.
      const stream = Duplex.from({ readable: carrier, writable: carrier });
      const client = tls
        .connect({ socket: stream, ...trusting, servername: 'localhost' })
        .on('error', () => {});
      const connection = await secureConnection(await accepted(), contexts, patient);
      const socket = new StreamSocket(connection);
      const read = socket.recv(1);
      carrier.write('this is no record of TLS at all');
      await assert.rejects(read, (error: NodeJS.ErrnoException) => {
        assert.match(error.code ?? '', /^ERR_SSL_/);
        return socket.isPeerGone(error);
      });
      client.destroy();
      carrier.destroy();
    });
  });

  it('brings nothing between a refusal and the next resume', async () => {
    await secured(async (connection, client) => {
      const record = Buffer.alloc(16_384, 'x');
      const total = 20 * record.length;
      let received = 0;
      let wanted = false;
      const { promise: over, resolve } = Promise.withResolvers<void>();
      connection.start({
        received(bytes) {
          assert.ok(wanted, 'nobody asked');
          wanted = false;
          received += bytes.length;
          setImmediate(ask);
          return false;
        },
        ended: () => {
          assert.ok(wanted, 'nobody asked');
          resolve();
        },
        drained() {},
        closed() {},
      });
      const ask = () => {
        wanted = true;
        connection.resume();
      };
      for (let sent = 0; sent < total; sent += record.length) client.write(record);
      client.end();
      ask();
      await over;
      assert.equal(received, total);
    });
  });

  it('tells when the memory of a long write is free again, and sends all of it', async () => {
    await secured(async (connection, client) => {
      const drained = Promise.withResolvers<void>();
      connection.start({ received: () => true, ended() {}, drained: drained.resolve, closed() {} });
      const bytes = Buffer.alloc(8_388_608, 'a');
      assert.equal(connection.write(Buffer.from('begin')), true);
      assert.equal(connection.write(bytes), false);
      const received = text(client);
      await drained.promise;
      bytes.fill('b');
      connection.close();
      assert.equal(await received, `begin${'a'.repeat(bytes.length)}`);
    });
  });

  it('cannot move to another thread any more', async () => {
    await secured(async (connection) => {
      assert.throws(() => connection.handOver('thread'), UnsupportedError);
    });
  });

  for (const started of [false, true]) {
    it(`becomes a TLS socket of Node that any library can use, ${started ? 'with unread bytes' : 'untouched'}`, async () => {
      await secured(async (connection, client) => {
        if (started) {
          const arrived = Promise.withResolvers<Buffer>();
          connection.start({
            received: (bytes) => (arrived.resolve(bytes), false),
            ended() {},
            drained() {},
            closed() {},
          });
          connection.resume();
          client.write('one ');
          assert.equal((await arrived.promise).toString(), 'one ');
        }
        const socket = connection.toSocket(started ? Buffer.from('unread ') : undefined)!;
        client.write('two ');
        client.end('three');
        assert.equal(await text(socket), started ? 'unread two three' : 'two three');
        socket.end('goodbye');
        assert.equal(await text(client), 'goodbye');
      });
    });
  }
});

/**
 * Where Python's servers surprise their users, by transport: each point is matched here, or (`differs`) changed for
 * a reason that `docs/from-python.md` gives. The numbers are that page's.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  type DatagramRequest,
  DatagramRequestHandler,
  type InetAddress,
  type SocketAddress,
  StreamRequestHandler,
  type DatagramTruncatedEvent,
  UDPServer,
  UnixStreamServer,
} from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { askOverStream, askOverUDP } from './clients.ts';
import { EchoLine } from './handlers.ts';

const loopback = ['127.0.0.1', 0] as const;

/** Leaves what a server leaves that was killed: a socket file that nobody listens on. */
async function leaveDeadSocket(path: string): Promise<void> {
  const server = net.createServer().listen(`${path}.live`);
  await once(server, 'listening');
  linkSync(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
}

describe('datagrams', () => {
  it('S18 differs: a datagram that is cut to maxPacketSize is reported', async (t) => {
    const events: DatagramTruncatedEvent[] = [];
    const collect = (event: unknown) => void events.push(event as DatagramTruncatedEvent);
    subscribe('socketserver:datagram:truncated', collect);
    t.after(() => unsubscribe('socketserver:datagram:truncated', collect));
    class Measuring extends DatagramRequestHandler {
      override handle() {
        this.wfile.write(`${this.packet.length} ${this.isTruncated}`);
      }
    }
    await using server = new UDPServer(loopback, Measuring);
    await using _ = serving(server);
    assert.equal(await askOverUDP(server.serverAddress, 'x'.repeat(8_192)), '8192 false');
    assert.equal(events.length, 0);
    assert.equal(await askOverUDP(server.serverAddress, 'x'.repeat(9_000)), '8192 true');
    assert.deepEqual(
      events.map(({ serverAddress, maxPacketSize }) => ({ serverAddress, maxPacketSize })),
      [{ serverAddress: server.serverAddress, maxPacketSize: 8_192 }],
    );
  });

  it('S19 differs: nothing written is nothing sent; what was written is sent, also when handle throws', async () => {
    class Answering extends DatagramRequestHandler {
      override handle() {
        const question = this.packet.toString();
        if (question === 'nothing') return;
        this.wfile.write(question === 'empty' ? '' : 'part');
        if (question === 'fail') throw new Error('as the test wants it');
      }
    }
    const failed: unknown[] = [];
    class Recording extends UDPServer {
      override handleError(_request: DatagramRequest<InetAddress>, _address: InetAddress, error: unknown) {
        failed.push(error);
      }
    }
    await using server = new Recording(loopback, Answering);
    await using _ = serving(server);
    const client = createSocket('udp4');
    client.connect(server.serverAddress[1], server.serverAddress[0]);
    await once(client, 'connect');
    const answers: string[] = [];
    for (const question of ['nothing', 'empty', 'fail']) client.send(question);
    for (let count = 0; count < 2; count += 1) {
      const [bytes] = (await once(client, 'message')) as [Buffer];
      answers.push(bytes.toString());
    }
    client.close();
    assert.deepEqual(answers, ['', 'part']);
    assert.equal(failed.length, 1);
  });
});

describe('Unix paths', () => {
  it('S20 differs: the path is removed on close and a dead one replaced; clients have no name', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'socketserver-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'echo.sock');
    const clients: SocketAddress[] = [];
    class Recording extends StreamRequestHandler {
      override async handle() {
        clients.push(this.clientAddress);
        await this.wfile.write(await this.rfile.readline());
      }
    }
    await leaveDeadSocket(path);
    assert.ok(existsSync(path));
    {
      await using server = new UnixStreamServer(path, Recording);
      await using _ = serving(server);
      assert.equal(await askOverStream(path, 'hello world\n'), 'hello world\n');
      assert.deepEqual(clients, ['']);
      assert.throws(() => new UnixStreamServer(path, EchoLine), { code: 'EADDRINUSE' });
    }
    assert.equal(existsSync(path), false);
    await using again = new UnixStreamServer(path, EchoLine);
    assert.equal(again.serverAddress, path);
  });
});

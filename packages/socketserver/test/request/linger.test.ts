import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  ConcurrentTLSServer,
  ConcurrentUnixStreamServer,
  ThreadingUnixStreamServer,
  connect,
} from '../../src/index.ts';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { Connection } from '../../src/engine/contract/connection.ts';
import { SocketSink } from '../../src/request/socket-sink.ts';
import { createMemoryEngine, RawClient, startServer, VirtualClock } from '../../src/testing/index.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { someTurns } from '../support/turns.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { answer, AnswersUnasked } from './answers-unasked.ts';

const limits = { bytes: 1_048_576, ms: 2_000 };
/** A few bytes more than a whole number of these may wait in the native engine. */
const piece = Buffer.alloc(8_000);

for (const [engineName, choice] of workerEngines) {
  const engine = chooseEngine(choice);

  /** One end of a connection over a Unix socket, on a clock of the test's, and its other end. */
  async function openPair(clock: VirtualClock) {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'linger-'));
    const path = join(folder.path, 'socket');
    const options = { reuseAddress: true, reusePort: false, ipv6Only: false };
    const listener = engine.bindStream(path, options);
    listener.listen(1);
    const peer = await engine.connect(path);
    let accepted: Connection | undefined;
    while ((accepted = listener.accept()) === undefined) {
      await new Promise<void>((resolve) => listener.notify(resolve));
    }
    await listener.close();
    let isFree = false;
    const connection = Object.assign(accepted, { clock });
    const sink = new SocketSink(connection, {
      gettimeout: () => undefined,
      connectionClosed: () => (isFree = true),
    });
    return { peer, sink, isFree: () => isFree };
  }

  /** Sends pieces, as many as `most`, until one has to wait. @returns how many had not. */
  async function fill(sink: SocketSink, most = Infinity): Promise<number> {
    let count = 0;
    for (; count < most; count += 1) {
      const waiting = sink.write(piece, 'sendall');
      void waiting?.catch(() => {});
      if (waiting !== undefined) break;
      await nextTurn();
    }
    return count;
  }

  describe(`the end of a closed connection on the ${engineName} engine`, () => {
    for (const peerEnds of [true, false]) {
      const whose = peerEnds ? 'that has ended' : 'that has not ended';
      it(`comes in a minute where a peer ${whose} does not read what the engine has copied`, async () => {
        const clock = new VirtualClock();
        const before = await openPair(clock);
        const room = await fill(before.sink);
        before.sink.reset(undefined);
        before.peer.reset();

        const { peer, sink, isFree } = await openPair(clock);
        assert.equal(await fill(sink, room), room);
        // Its sender need not wait, and the kernel takes no more.
        assert.equal(sink.write(Buffer.from('!'), 'sendall', true), undefined);
        assert.equal(sink.isSending, false);
        if (peerEnds) {
          peer.endWrite();
          await sink.waitForEnd(undefined);
        }
        sink.close(limits);
        if (!peerEnds) await clock.advance(limits.ms);
        await clock.advance(59_999);
        await someTurns();
        assert.equal(isFree(), false);
        await clock.advance(1);
        await until(isFree);
        assert.equal(clock.pending, 0);
        peer.reset();
      });
    }

    it('takes no timer where the peer has ended and nothing is left to send', async () => {
      const clock = new VirtualClock();
      const { peer, sink, isFree } = await openPair(clock);
      assert.equal(sink.write(piece, 'sendall'), undefined);
      await nextTurn();
      peer.endWrite();
      await sink.waitForEnd(undefined);
      sink.close(limits);
      assert.equal(clock.pending, 0);
      await until(isFree);
      peer.reset();
    });

    it('takes no timer where the connection is gone already', async () => {
      const clock = new VirtualClock();
      const { peer, sink, isFree } = await openPair(clock);
      sink.reset(undefined);
      await until(isFree);
      sink.close(limits);
      peer.reset();
      assert.equal(clock.pending, 0);
    });

    it('does not come while the answer goes out, however much the peer sends meanwhile', async () => {
      const clock = new VirtualClock();
      const options = { reuseAddress: true, reusePort: false, ipv6Only: false };
      const listener = engine.bindStream(['127.0.0.1', 0], options);
      listener.listen(1);
      await using client = await RawClient.connect(listener.address);
      let accepted: Connection | undefined;
      while ((accepted = listener.accept()) === undefined) {
        await new Promise<void>((resolve) => listener.notify(resolve));
      }
      await listener.close();
      const sink = new SocketSink(Object.assign(accepted, { clock }), {
        gettimeout: () => undefined,
        connectionClosed: () => {},
      });
      assert.notEqual(sink.write(longAnswer, 'sendall'), undefined);
      sink.close(limits);
      await client.send(Buffer.alloc(2 * limits.bytes));
      await until(() => sink.bytesRead === 2 * limits.bytes);
      const question = Buffer.alloc(16);
      for (let left = longAnswer.length; left > 0;) {
        const { length } = await client.read(Math.min(left, 65_536));
        assert.notEqual(length, 0);
        left -= length;
        await client.send(question);
      }
      sink.reset(undefined);
    });
  });
}

/** More than the buffers of both kernels hold. */
const longAnswer = Buffer.alloc(33_554_432, 'a');

/** As much. */
const upload = Buffer.alloc(33_554_432, 'u');
for (const engine of ['node', 'native'] as const) {
  for (const Server of [ConcurrentTCPServer, ConcurrentUnixStreamServer, ThreadingUnixStreamServer]) {
    it(`what a ${Server.name} sent last reaches a peer that sends everything before it reads, on the ${engine} engine`, async () => {
      await using running = startServer(Server as typeof ConcurrentTCPServer, AnswersUnasked, { engine });
      await using client = await running.connect();
      await client.send(upload); // far more than a closed connection listens to
      await someTurns(500);
      const received = await client.readExactly(answer.length);
      assert.ok(received.equals(answer));
    });
  }
}

describe('the end of a closed TLS connection', () => {
  const authority = new TestAuthority();
  after(() => authority[Symbol.dispose]());

  it('comes in a minute where its peer does not read what was encrypted', async () => {
    const clock = new VirtualClock();
    const engine = createMemoryEngine({ clock });
    const block = Buffer.alloc(100_000);
    const blocked = Promise.withResolvers<void>();
    class Pouring extends BaseRequestHandler {
      override async handle() {
        for (;;) {
          let isSent = false;
          const sending = this.request.sendall(block).then(() => (isSent = true));
          await someTurns();
          if (isSent) continue;
          blocked.resolve();
          await sending; // its client has read some: this one is encrypted by now, but cannot go out
          return;
        }
      }
    }
    const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost' });
    const server = new ConcurrentTLSServer(['localhost', 1], Pouring, { engine, tls: { cert, key } });
    await using _ = serving(server);
    const client = await connect(['localhost', 1], { engine, tls: { ca: authority.cert } });
    await blocked.promise;
    await client.readExactly(block.length);
    await until(() => server.stats().served === 1);
    await clock.advance(2_000 + 59_999);
    assert.equal(server.stats().bytesWritten, 0); // it counts what is closed
    await clock.advance(1);
    const { bytesWritten } = server.stats();
    client.reset();
    assert.ok(bytesWritten > 0);
  });
});

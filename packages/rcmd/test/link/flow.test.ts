/** Windows that grow with the link. The peer here is made by hand, so that a round trip takes as long as is said, and not as the machine likes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BaseRequestHandler, ConcurrentTCPServer, connect, type FrameStream } from 'socketserver';
import type { ClientChannel } from '../../src/link/client-channel.ts';
import { ClientLink } from '../../src/link/client-link.ts';
import { firstWindowBytes } from '../../src/link/incoming-stream.ts';
import { maxPayloadBytes, preface } from '../../src/protocol/frame.ts';
import { type Message, messageCodec } from '../../src/protocol/message.ts';

const mebibyte = 1_048_576;

/** A server that sends and answers what it is told to. */
class Peer {
  readonly frames: FrameStream<Message>;
  /** Bytes that it may send, of each stream. */
  readonly allowed = new Map<string, number>();
  #pings: Buffer[] = [];
  #due: Buffer[] = [];
  #pong = Promise.withResolvers<void>();

  constructor(frames: FrameStream<Message>) {
    this.frames = frames;
  }

  /** What it may send of all streams together. */
  get allowedBytes(): number {
    return [...this.allowed.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  async serve(): Promise<void> {
    for await (const message of this.frames) {
      if (message.type === 'hello') {
        const hello = { min: 1, max: 1, features: [], software: 'test' };
        await this.frames.write({ type: 'hello', hello });
      } else if (message.type === 'open') {
        const { channel, request } = message;
        this.allowed.set(`${channel} stdout`, request.credit.stdout);
        this.allowed.set(`${channel} stderr`, request.credit.stderr);
        const start = { pid: 1, commandId: String(channel), credit: 0 };
        await this.frames.write({ type: 'started', channel, start });
      } else if (message.type === 'credit') {
        const name = `${message.channel} ${message.stream}`;
        this.allowed.set(name, this.allowed.get(name)! + message.bytes);
      } else if (message.type === 'ping') {
        this.#pings.push(message.token);
      } else if (message.type === 'pong') {
        this.#pong.resolve();
      }
    }
  }

  /** Sends so much of a channel's output. */
  async send(channel: number, bytes: number): Promise<void> {
    const name = `${channel} stdout`;
    this.allowed.set(name, this.allowed.get(name)! - bytes);
    for (let left = bytes; left > 0; left -= maxPayloadBytes) {
      const piece = Buffer.alloc(Math.min(left, maxPayloadBytes));
      await this.frames.write({ type: 'data', channel, stream: 'stdout', bytes: piece });
    }
  }

  /** Answers what was asked before the call before, as over a link that is one round long, and waits for what this brings about. */
  async answer(): Promise<void> {
    await this.#roundTrip();
    for (const token of this.#due) await this.frames.write({ type: 'pong', token });
    this.#due = this.#pings.splice(0);
    await this.#roundTrip();
  }

  async #roundTrip(): Promise<void> {
    this.#pong = Promise.withResolvers();
    await this.frames.write({ type: 'ping', token: Buffer.alloc(8) });
    await this.#pong.promise;
  }
}

/** A client that reads so many commands at once, and the server that it talks to. */
interface Reading extends AsyncDisposable {
  readonly peer: Peer;
  readonly channels: readonly ClientChannel[];
  /** Waits until all that was sent was consumed. */
  consumed(bytes: number): Promise<void>;
}

async function startReading(count: number): Promise<Reading> {
  const accepted = Promise.withResolvers<Peer>();
  class Handler extends BaseRequestHandler {
    override async handle(): Promise<void> {
      await this.request.readExactly(preface.length);
      const peer = new Peer(this.request.frames(messageCodec));
      accepted.resolve(peer);
      await peer.serve();
    }
  }
  const server = new ConcurrentTCPServer(['127.0.0.1', 0], Handler);
  const serving = server.serveForever();
  const link = new ClientLink(await connect(server.serverAddress), { software: 'test' });
  await link.greet();
  const channels = Array.from({ length: count }, () => link.newChannel());
  let read = 0;
  for (const channel of channels) {
    channel.open({ argv: ['x'], stdin: false });
    await channel.started;
    void (async () => {
      for (let bytes = await channel.stdout.read(); bytes !== undefined; bytes = await channel.stdout.read())
        read += bytes.length;
    })().catch(() => {});
  }
  return {
    peer: await accepted.promise,
    channels,
    consumed: async (bytes) => {
      for (; ; await nextTurn()) if (read >= bytes) return;
    },
    [Symbol.asyncDispose]: async () => {
      for (const channel of channels) channel.ended.catch(() => {});
      link.close();
      await link.whenEnded;
      await server.serverClose();
      await serving;
    },
  };
}

describe('what a reader allows its peer', () => {
  it('grows to 4 MiB where a window arrives within a round trip, and no further', async () => {
    await using reading = await startReading(1);
    const { peer } = reading;
    const windows: number[] = [];
    for (let round = 0, sent = 0; round < 12; round += 1) {
      const window = peer.allowedBytes - firstWindowBytes; // that of stderr
      windows.push(window);
      await peer.send(1, window);
      await reading.consumed((sent += window));
      await peer.answer();
    }
    assert.equal(windows[0], firstWindowBytes);
    assert.equal(Math.max(...windows), 4 * mebibyte);
  });

  it('stays as it is where the link brings less than a window within a round trip', async () => {
    await using reading = await startReading(1);
    const { peer } = reading;
    for (let round = 0, sent = 0; round < 100; round += 1) {
      await peer.send(1, maxPayloadBytes);
      await reading.consumed((sent += maxPayloadBytes));
      await peer.answer();
      assert.ok(peer.allowedBytes <= 2 * firstWindowBytes);
    }
  });

  it('is 16 MiB for all streams together, however many would have more', async () => {
    await using reading = await startReading(12);
    const { peer } = reading;
    let most = peer.allowedBytes;
    for (let round = 0, sent = 0; round < 12; round += 1) {
      for (const [index] of reading.channels.entries()) {
        const window = peer.allowed.get(`${2 * index + 1} stdout`)!;
        await peer.send(2 * index + 1, window);
        sent += window;
      }
      await reading.consumed(sent);
      await peer.answer();
      most = Math.max(most, peer.allowedBytes);
      assert.ok(peer.allowedBytes <= 16 * mebibyte, String(peer.allowedBytes));
    }
    assert.ok(most > 12 * mebibyte, String(most));
  });
});

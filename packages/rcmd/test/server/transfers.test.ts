import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Client, connect } from '../../src/client/index.ts';
import { failureOf } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/servers.ts';

const streamBytes = 3 * 1_048_576;

/** Bytes of a stream, none like those of another one, in pieces of any size. */
function* bytesOf(stream: number): Generator<Buffer> {
  for (let sent = 0, piece = 0; sent < streamBytes; piece += 1) {
    const length = Math.min(streamBytes - sent, 1 + ((stream * 7_919 + piece * 104_729) % 200_000));
    const bytes = Buffer.alloc(length, `stream ${stream} piece ${piece}|`);
    sent += length;
    yield bytes;
  }
}

function hashOf(stream: number): string {
  const hash = createHash('sha256');
  for (const bytes of bytesOf(stream)) hash.update(bytes);
  return hash.digest('hex');
}

/** Reads all of it; a slow reader takes its time between two pieces. */
async function read(output: Readable, isSlow: boolean): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of output) {
    hash.update(bytes as Buffer);
    for (let turns = isSlow ? 5 : 0; turns > 0; turns -= 1) await nextTurn();
  }
  return hash.digest('hex');
}

/** Sends a stream through the server and back. */
async function echo(client: Client, stream: number): Promise<void> {
  const running = client.exec('cat', { input: bytesOf(stream), buffer: false });
  assert.equal(await read(running.stdout, stream % 3 === 0), hashOf(stream), `stream ${stream}`);
  await running;
}

/** A stream that is given up in the middle. */
async function leave(client: Client, stream: number): Promise<void> {
  const running = client.exec('cat', { input: bytesOf(stream), buffer: false });
  let left = 300_000;
  for await (const bytes of running.stdout) {
    left -= (bytes as Buffer).length;
    if (left < 0) break;
  }
  await failureOf(running);
}

/** A connection that is lost while all of its streams are busy. */
async function lose(server: TestServer): Promise<void> {
  const client = await connectTo(server);
  const running = Array.from({ length: 4 }, (_, stream) =>
    client.exec('cat', { input: bytesOf(stream), buffer: false }),
  );
  for await (const _ of running[0]!.stdout) break;
  await Promise.all([client.close(), ...running.map((one) => failureOf(one))]);
}

function connectTo({ server, paths }: TestServer): Promise<Client> {
  return connect(server.addresses[0]!, { configFolder: paths.config });
}

for (const kind of ['TLS', 'a Unix socket'] as const) {
  describe(`many streams at once, over ${kind}`, () => {
    it('bring what was sent, beside slow readers, streams that are given up, and lost connections', async () => {
      await using server = await startServer({
        ...(kind === 'TLS' ? { listen: '127.0.0.1:0' } : {}),
        limits: { opensPerSecond: Infinity },
      });
      const clients = [await connectTo(server), await connectTo(server)];
      const work: Promise<void>[] = [lose(server), lose(server)];
      for (let stream = 0; stream < 16; stream += 1) {
        const client = clients[stream % 2]!;
        work.push(stream % 5 === 4 ? leave(client, stream) : echo(client, stream));
      }
      await Promise.all(work);
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

/** Bytes of an upload in one piece, and above which memory holds messages of a connection. */
const uploadBytes = 128 * 1_048_576;
const largeBytes = 131_072;

describe('an upload over TLS', () => {
  it('is read into memory that serves again', async (t) => {
    await using server = await startServer({ listen: '127.0.0.1:0' });
    await using client = await connectTo(server);
    const input = Buffer.alloc(uploadBytes, 'one piece of many that are sent|');
    const allocate = t.mock.method(Buffer, 'allocUnsafeSlow');
    const { stdout } = await client.exec('sha256sum', { input });
    const large = allocate.mock.calls.filter(({ arguments: [bytes] }) => bytes > largeBytes).length;
    assert.ok(stdout.startsWith(createHash('sha256').update(input).digest('hex')));
    assert.ok(large > 0 && large * largeBytes < uploadBytes / 4, `${large} pieces of memory`);
  });
});

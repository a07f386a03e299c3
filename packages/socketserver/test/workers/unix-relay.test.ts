import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { ThreadingUnixStreamServer } from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { serving } from '../support/serving.ts';
import { Flooding, Goodbye } from './handlers/exchanges.ts';
import { Reckless } from './handlers/reckless.ts';

/** Far more than the kernel's buffers and the relay's window together. */
const muchBytes = 64 * 1_048_576;
const boundBytes = 4 * 1_048_576;

function temporaryPath(): Disposable & { readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'socketserver-relay-'));
  return { path: join(directory, 's'), [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

describe('a Unix connection that is relayed to a thread', () => {
  it('slows a client down whose bytes the handler does not read', async () => {
    using socket = temporaryPath();
    const server = new ThreadingUnixStreamServer(socket.path, Goodbye, { engine: 'node' });
    await using _ = serving(server);
    const client = net.connect(socket.path);
    client.on('error', () => {});
    await once(client, 'data');
    client.write(Buffer.alloc(muchBytes));
    await delay(300);
    assert.ok(client.writableLength > 0, 'the client got rid of everything');
    client.destroy();
  });

  it('slows a handler down whose client does not read, and brings it everything in the end', async () => {
    using socket = temporaryPath();
    const server = new ThreadingUnixStreamServer(socket.path, Flooding, { engine: 'node' });
    await using _ = serving(server);
    const client = net.connect({ path: socket.path, allowHalfOpen: true });
    client.pause();
    client.write(`${muchBytes / 65_536}\n`);
    const before = process.memoryUsage().arrayBuffers;
    await delay(300);
    const held = process.memoryUsage().arrayBuffers - before;
    assert.ok(held < boundBytes, `${held} bytes are held`);
    assert.equal(server.stats().active, 1, 'the handler waits');
    assert.equal((await buffer(client)).length, muchBytes);
    client.end();
  });

  it('ends when its thread is lost', async () => {
    using socket = temporaryPath();
    const errors = new ErrorCollector();
    const server = new ThreadingUnixStreamServer(socket.path, Reckless, { engine: 'node' });
    server.handleError = errors.handleError;
    await using _ = serving(server);
    const client = net.connect(socket.path);
    const closed = once(client, 'close');
    client.write('exit 1\n');
    client.resume();
    await closed;
    assert.equal((await errors.next()).error.code, 'WORKER_LOST');
  });
});

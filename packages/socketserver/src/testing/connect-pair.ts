import { inetAddress } from '../address/socket-address.ts';
import { StreamSocket } from '../request/stream-socket.ts';
import { RawClient } from './clients/raw-client.ts';
import { streamInMemory } from './clients/raw-stream.ts';
import { createMemoryEngine, type MemoryEngineOptions } from './memory-engine/memory-engine.ts';
import type { WaitOptions } from './wait.ts';

/** Options of {@link connectPair}. */
export interface ConnectPairOptions extends MemoryEngineOptions, WaitOptions {}

/**
 * Makes two ends of one connection in memory, with no server: a test's client, and the `StreamSocket` that a handler
 * would get. For code that works on a socket: a reader of messages, a codec.
 *
 * @example
 * const [client, socket] = connectPair({ chunkBytes: 1 });
 * await client.send('hello\n');
 * assert.equal(String(await socket.readline()), 'hello\n');
 */
export function connectPair({ waitMs, signal, ...options }: ConnectPairOptions = {}): [
  client: RawClient,
  socket: StreamSocket,
] {
  const [near, far] = createMemoryEngine(options).pair(
    inetAddress('127.0.0.1', 49_152),
    inetAddress('127.0.0.1', 8_888),
  );
  return [new RawClient(streamInMemory(near), { waitMs, signal }), new StreamSocket(far)];
}

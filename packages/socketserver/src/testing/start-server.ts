import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../engine/contract/engine.ts';
import type { MemoryEngine } from './memory-engine/memory-engine.ts';
import { type AnyServer, RunningServer } from './running-server.ts';

/** A server class as the ready-made ones are. TypeScript wants `any` for the parameters of any constructor. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyServerClass = new (serverAddress: any, RequestHandlerClass: any, options?: any) => AnyServer;

/**
 * Starts a server for a test: `await using running = startServer(ConcurrentTCPServer, Shout)`.
 *
 * A class is given a free port of 127.0.0.1, or for Unix sockets a path in a directory that goes with the server; for
 * any other address construct the server yourself. When this returns the server listens and serves; at the end of the
 * block it drains, closes, and tells what ended its loop.
 *
 * @param options - of the server class.
 * @throws what the class's constructor throws, among it a type error for a handler class that does not fit.
 *
 * @example
 * await using running = startServer(ThreadingTCPServer, Shout);
 * await using client = await running.connect();
 * assert.equal(await client.ask('hello'), 'HELLO');
 * assert.deepEqual(running.errors, []);
 */
export function startServer<Class extends AnyServerClass>(
  ServerClass: Class,
  RequestHandlerClass: ConstructorParameters<Class>[1],
  options?: ConstructorParameters<Class>[2],
): RunningServer<InstanceType<Class>>;

/**
 * Starts a server that was constructed already.
 *
 * @param server - bound and activated, which constructors do.
 * @param options - the memory engine, where the server is on it, so that `connect()` finds it.
 */
export function startServer<Server extends AnyServer>(
  server: Server,
  options?: { readonly engine?: MemoryEngine | undefined },
): RunningServer<Server>;

export function startServer(
  given: AnyServerClass | AnyServer,
  second?: unknown,
  third?: unknown,
): RunningServer<AnyServer> {
  if (typeof given === 'object') {
    const { engine } = (second ?? {}) as { readonly engine?: MemoryEngine };
    return new RunningServer(given, { engine, stopped: () => {} });
  }
  const isUnix = (given as { readonly addressFamily?: unknown }).addressFamily === 'AF_UNIX';
  const folder = isUnix ? mkdtempSync(join(tmpdir(), 'socketserver-')) : undefined;
  const stopped = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = folder === undefined ? ['127.0.0.1', 0] : join(folder, 'server.sock');
    return new RunningServer(new given(address, second, third), { engine: memoryEngine(third), stopped });
  } catch (error) {
    stopped();
    throw error;
  }
}

function memoryEngine(options: unknown): MemoryEngine | undefined {
  const { engine } = (options ?? {}) as { readonly engine?: Engine | string };
  return typeof engine === 'object' && engine.name === 'memory' ? (engine as MemoryEngine) : undefined;
}

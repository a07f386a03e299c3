import type { InetAddress } from '../address/socket-address.ts';
import { ConcurrentTCPServer } from '../servers.ts';
import type { StreamHandlerClass } from '../transports/stream-server.ts';
import type { TCPServerOptions } from '../transports/tcp-server.ts';
import { type ConnectionEnd, isReset, RawClient } from './clients/raw-client.ts';
import { openStream } from './clients/raw-stream.ts';
import { HandlerBench } from './handler-bench.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { type WaitOptions, within } from './wait.ts';

/** Talks to a handler: sends, reads, and moves the time. */
export type HandlerScript = (client: RawClient, clock: VirtualClock) => Promise<void> | void;

/** What a handler is given: bytes; pieces, each of which arrives by itself; or a client that acts. */
export type HandlerInput = Uint8Array | string | readonly (Uint8Array | string)[] | HandlerScript;

/** Options of {@link runHandler}. */
export interface RunHandlerOptions extends WaitOptions {
  /** Options of the server, such as `workerData`, `timeouts` or `proxyProtocol`. */
  readonly server?: Omit<TCPServerOptions, 'engine' | 'bindAndActivate'> | undefined;
  /** What the handler sees as `clientAddress`. Default: a port of 127.0.0.1. */
  readonly clientAddress?: InetAddress | undefined;
  /** The most bytes that one delivery brings, in either direction: see `createMemoryEngine()`. Default 65,536. */
  readonly chunkBytes?: number | readonly number[] | undefined;
}

/** What a handler did. */
export interface HandlerRun {
  /** Everything that it sent. */
  readonly output: Buffer;
  /** What it threw, or what ended its request (a deadline); `undefined` when all went well. */
  readonly error: (Error & { readonly code?: unknown }) | undefined;
  /** How its side of the connection ended; `undefined` where a script closed the client's side first. */
  readonly end: ConnectionEnd | undefined;
}

/**
 * Runs a handler for one connection, in memory and with a time of its own: no port, no waiting, the same result each
 * time. What runs is a `ConcurrentTCPServer` as it is, on the memory engine.
 *
 * The client sends the input, ends its writing side, and reads to the end; a script does what it likes first. Time
 * stands still, except where a script says `clock.advance(ms)`: that lets all deadlines of the library pass.
 *
 * @returns once the handler has ended.
 * @throws {@link WaitTimeoutError} when it does not; what the script threw.
 *
 * @example
 * const { output, error } = await runHandler(Shout, 'hello\n');
 * assert.equal(String(output), 'HELLO\n');
 *
 * @example
 * const { error } = await runHandler(Patient, (_client, clock) => clock.advance(30_000));
 * assert.equal(error?.code, 'SOCKET_TIMEOUT');
 */
export async function runHandler(
  RequestHandlerClass: StreamHandlerClass<InetAddress>,
  input: HandlerInput = [],
  options: RunHandlerOptions = {},
): Promise<HandlerRun> {
  const { waitMs, signal, chunkBytes, clientAddress, server: serverOptions } = options;
  const bench = new HandlerBench(
    (engine) => new ConcurrentTCPServer(['127.0.0.1', 0], RequestHandlerClass, { ...serverOptions, engine }),
    { chunkBytes },
  );
  const { clock, engine, running } = bench;
  const output: Buffer[] = [];
  const what = (): string => {
    const sent = output.reduce((sum, { length }) => sum + length, 0);
    return `${RequestHandlerClass.name} to end; it has sent ${sent} bytes (only a script moves the time)`;
  };
  let end: ConnectionEnd | undefined;
  let error: HandlerRun['error'];
  try {
    const stream = await openStream(running.address, { engine, localAddress: clientAddress });
    stream.duplex.on('data', (bytes: Buffer) => output.push(bytes)).pause();
    await using client = new RawClient(stream, { waitMs, signal });
    end = await within(converse(client, clock, input), what, options);
    if (running.server.stats().accepted > 0) await bench.requestEnded(what, options);
  } finally {
    error = await bench.stop();
  }
  return { output: Buffer.concat(output), error, end };
}

/** Says what there is to say, then ends the client's side and reads to the end. */
async function converse(
  client: RawClient,
  clock: VirtualClock,
  input: HandlerInput,
): Promise<ConnectionEnd | undefined> {
  if (typeof input === 'function') {
    await input(client, clock);
    if (client.isClosed) return undefined;
    await client.halfClose();
    return client.waitForEnd({ waitMs: Infinity });
  }
  const end = client.waitForEnd({ waitMs: Infinity });
  end.catch(() => {}); // told below
  const pieces = typeof input === 'string' || input instanceof Uint8Array ? [input] : input;
  try {
    for (const piece of pieces) {
      await client.send(piece);
      await clock.advance(0); // so that it arrives before the next one
    }
    await client.halfClose();
  } catch (error) {
    if (!isReset(error)) throw error; // a handler may have had enough
  }
  return end;
}

/**
 * Peers that misbehave, each in one way, and each bounded: in what it sends, in how many connections it opens, and, as
 * every wait of a test's client, in time. Each takes a server's address first and the options of `RawClient.connect()`
 * last, so that it does its worst over TCP, TLS, Unix sockets and in memory.
 */
import type { InetAddressInput, UnixAddressInput } from '../address/parse-address.ts';
import { clockOf } from '../engine/clock.ts';
import { type ConnectionEnd, isReset, RawClient } from './clients/raw-client.ts';
import type { ConnectClientOptions } from './clients/raw-stream.ts';
import { within } from './wait.ts';

type Address = InetAddressInput | UnixAddressInput;
type Bytes = Uint8Array | string;

/** Bytes of an answer that a report keeps. */
const keptBytes = 65_536;

/** Options of {@link reset}. */
export interface ResetOptions extends ConnectClientOptions {
  /** Resets in the middle of the answer, once so many bytes of it were read. Default 0: at once. */
  readonly afterBytes?: number | undefined;
}

/** Connects, sends `bytes`, and resets the connection: at once, or in the middle of the answer. */
export async function reset(address: Address, bytes: Bytes, options: ResetOptions = {}): Promise<void> {
  await using client = await RawClient.connect(address, options);
  await client.send(bytes);
  if (options.afterBytes !== undefined) await client.readExactly(options.afterBytes);
  await client.reset();
}

/**
 * Connects, sends `bytes`, and ends its writing side while it reads on.
 *
 * @returns everything that the server sent until it ended the connection too.
 */
export async function halfClose(
  address: Address,
  bytes: Bytes,
  options: ConnectClientOptions = {},
): Promise<Buffer> {
  await using client = await RawClient.connect(address, options);
  await client.send(bytes);
  await client.halfClose();
  return await client.readAll();
}

/** Options of {@link drip}. */
export interface DripOptions extends ConnectClientOptions {
  /** Milliseconds from piece to piece; on a memory engine with a virtual clock the test moves them. */
  readonly everyMs: number;
  /** Bytes of each piece. Default 1. */
  readonly pieceBytes?: number | undefined;
}

/** What became of a slow sender. */
export interface DripReport {
  /** Bytes that it sent. */
  readonly sent: number;
  /** How the server ended the connection before all was sent; `undefined` when it took everything. */
  readonly cutOff: ConnectionEnd | undefined;
  /** What the server answered, at most its first 64 KiB. */
  readonly received: Buffer;
}

/**
 * Connects and sends `bytes` a piece at a time, as a slow or a hostile client does ("slowloris"), until all are sent or
 * the server ends the connection; then ends its own side and reads the rest of the answer.
 */
export async function drip(
  address: Address,
  bytes: Bytes,
  { everyMs, pieceBytes = 1, ...options }: DripOptions,
): Promise<DripReport> {
  await using client = await RawClient.connect(address, options);
  const all = Buffer.from(bytes);
  const received: Buffer[] = [];
  const end = listen(client, received);
  end.catch(() => {}); // told below
  let cutOff: ConnectionEnd | undefined;
  let sent = 0;
  while (sent < all.length) {
    const piece = all.subarray(sent, sent + pieceBytes);
    await client.send(piece).catch((error: unknown) => {
      if (!isReset(error)) throw error;
    });
    cutOff = await Promise.race([end, pause(everyMs, options)]);
    if (cutOff !== undefined) break;
    sent += piece.length;
  }
  if (cutOff === undefined) await client.halfClose().catch(() => {}); // the reader tells what is wrong
  await within(end, () => 'the server to end the connection of a dripping peer', options);
  return { sent, cutOff, received: Buffer.concat(received) };
}

/**
 * Connects, sends `bytes`, and never reads.
 *
 * @returns the client, whose connection stays as it is until the test closes it or, after all, reads.
 */
export async function neverRead(
  address: Address,
  bytes: Bytes,
  options: ConnectClientOptions = {},
): Promise<RawClient> {
  const client = await RawClient.connect(address, options);
  try {
    await client.send(bytes);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Options of {@link flood}. */
export interface FloodOptions extends ConnectClientOptions {
  /** Connections, opened all at once. Default 100. */
  readonly connections?: number | undefined;
  /** How often each sends the bytes, without waiting for an answer. Default 1. */
  readonly times?: number | undefined;
}

/** What became of the connections of a flood. */
export interface FloodReport {
  /** Connections that were opened. */
  readonly connected: number;
  /** Those that the server did not take. */
  readonly refused: number;
  /** Those of the opened ones that it ended in good order, and those that it reset. */
  readonly ended: number;
  readonly reset: number;
  /** Bytes that it sent. */
  readonly bytesRead: number;
}

/** Opens many connections at once, sends `bytes` on each as often and as fast as it goes, and reads what comes back. */
export async function flood(
  address: Address,
  bytes: Bytes,
  { connections = 100, times = 1, ...options }: FloodOptions = {},
): Promise<FloodReport> {
  const report = { connected: 0, refused: 0, ended: 0, reset: 0, bytesRead: 0 };
  const one = async (): Promise<void> => {
    const client = await RawClient.connect(address, options).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || isReset(error)) return undefined;
      throw error;
    });
    if (client === undefined) {
      report.refused += 1;
      return;
    }
    report.connected += 1;
    await using _ = client;
    const end = client.waitForEnd();
    end.catch(() => {}); // told below
    try {
      for (let time = 0; time < times; time += 1) await client.send(bytes);
      await client.halfClose();
    } catch (error) {
      if (!isReset(error)) throw error;
    }
    report[(await end) === 'end' ? 'ended' : 'reset'] += 1;
    report.bytesRead += client.bytesRead;
  };
  await Promise.all(Array.from({ length: connections }, one));
  return report;
}

/** Options of {@link connectAndVanish}. */
export interface VanishOptions extends ConnectClientOptions {
  /** Connections, one after the other. Default 1. */
  readonly count?: number | undefined;
}

/** Connects and is gone at once, without a byte, as port scanners and many health checks do; as often as told. */
export async function connectAndVanish(
  address: Address,
  { count = 1, ...options }: VanishOptions = {},
): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const client = await RawClient.connect(address, options);
    await client.close();
  }
}

/** Reads until the server ends the connection, keeping the beginning; tells how it did. */
async function listen(client: RawClient, received: Buffer[]): Promise<ConnectionEnd> {
  try {
    for (let length = 0; ;) {
      const bytes = await client.read(keptBytes, { waitMs: Infinity });
      if (bytes.length === 0) return 'end';
      const kept = bytes.subarray(0, keptBytes - length);
      length += kept.length;
      if (kept.length > 0) received.push(kept);
    }
  } catch (error) {
    if (isReset(error)) return 'reset';
    throw error;
  }
}

/** Waits by the clock of the engine: one that a test moves, or the system's. */
function pause(ms: number, { engine }: ConnectClientOptions): Promise<undefined> {
  return new Promise((resolve) => {
    clockOf(engine ?? {}).setTimeout(() => resolve(undefined), ms);
  });
}

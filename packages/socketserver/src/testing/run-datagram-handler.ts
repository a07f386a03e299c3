import type { InetAddress } from '../address/socket-address.ts';
import { ConcurrentUDPServer } from '../servers.ts';
import type { DatagramHandlerClass } from '../transports/datagram-server.ts';
import type { UDPServerOptions } from '../transports/udp-server.ts';
import { DatagramClient } from './clients/datagram-client.ts';
import { HandlerBench } from './handler-bench.ts';
import type { WaitOptions } from './wait.ts';

/** Options of {@link runDatagramHandler}. */
export interface RunDatagramHandlerOptions extends WaitOptions {
  /** Options of the server, such as `workerData` or `maxPacketSize`. */
  readonly server?: Omit<UDPServerOptions, 'engine' | 'bindAndActivate'> | undefined;
  /** What the handler sees as `clientAddress`. Default: a port of 127.0.0.1. */
  readonly clientAddress?: InetAddress | undefined;
}

/** What a datagram's handler did. */
export interface DatagramHandlerRun {
  /** What it sent to its client, in order. */
  readonly replies: readonly Buffer[];
  /** What it threw; `undefined` when all went well. */
  readonly error: (Error & { readonly code?: unknown }) | undefined;
}

/**
 * Runs a handler for one datagram, in memory: no port, nothing lost, the same result each time. What runs is a
 * `ConcurrentUDPServer` as it is, on the memory engine.
 *
 * @returns once the handler has ended.
 * @throws {@link WaitTimeoutError} when it does not.
 *
 * @example
 * const { replies } = await runDatagramHandler(Shout, 'hello');
 * assert.deepEqual(replies.map(String), ['HELLO']);
 */
export async function runDatagramHandler(
  RequestHandlerClass: DatagramHandlerClass<InetAddress>,
  data: Uint8Array | string,
  options: RunDatagramHandlerOptions = {},
): Promise<DatagramHandlerRun> {
  const bench = new HandlerBench(
    (engine) => new ConcurrentUDPServer(['127.0.0.1', 0], RequestHandlerClass, { ...options.server, engine }),
  );
  const { engine, running } = bench;
  await using client = new DatagramClient({ engine, address: options.clientAddress });
  let error: DatagramHandlerRun['error'];
  try {
    await client.send(data, running.address);
    await bench.requestEnded(() => `${RequestHandlerClass.name} to end`, options);
  } finally {
    error = await bench.stop();
  }
  const replies: Buffer[] = [];
  while (client.port.isReady) replies.push((await client.receive()).data);
  return { replies, error };
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Behaviour, crash, drawBehaviour } from './behaviours.ts';
import { SoakClient } from './soak-client.ts';
import { refusedHost } from './soaked-server.ts';

/** How a server is loaded. */
export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  readonly seconds: number;
  /** Milliseconds between two requests that take a worker down; `undefined` for none. */
  readonly crashEveryMs: number | undefined;
}

/** What the clients saw. */
export class LoadResult {
  /** Connections that were opened. */
  connections = 0;
  refused = 0;
  crashes = 0;
  /** What went wrong for clients that did nothing to deserve it: in a crash, those of the same worker. */
  readonly faults: string[] = [];
}

/** Hosts that clients come from, in turn, so that none runs out of ports. */
const hosts = Array.from({ length: 6 }, (_, index) => `127.0.0.${2 + index}`);

/** Loads a server as fast as it answers: each client does one thing after the other. */
export async function loadServer(options: LoadOptions): Promise<LoadResult> {
  const result = new LoadResult();
  const end = performance.now() + options.seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) await request(drawBehaviour(), options.port, result);
  };
  const crasher = async (everyMs: number): Promise<void> => {
    while (performance.now() + everyMs < end) {
      await delay(everyMs);
      await request(crash, options.port, result);
      result.crashes += 1;
    }
  };
  const running = Array.from({ length: options.clients }, client);
  if (options.crashEveryMs !== undefined) running.push(crasher(options.crashEveryMs));
  await Promise.all(running);
  return result;
}

async function request(behaviour: Behaviour, port: number, result: LoadResult): Promise<void> {
  const host = hosts[result.connections % hosts.length]!;
  result.connections += 1;
  if (behaviour.isRefused === true) result.refused += 1;
  let client: SoakClient | undefined;
  try {
    client = await SoakClient.connect(port, behaviour.isRefused === true ? refusedHost : host);
    await behaviour.act(client);
  } catch (error) {
    if (behaviour !== crash) result.faults.push(`a client that ${behaviour.name}: ${String(error)}`);
  } finally {
    client?.destroy();
  }
}

// A service as systemd starts it: constructs the servers that its argument describes, and serves until a signal comes.
import process from 'node:process';
import * as library from '../../../src/index.ts';
import * as exchanges from '../../workers/handlers/exchanges.ts';
import * as matrix from '../../workers/handlers/matrix.ts';
import * as reckless from '../../workers/handlers/reckless.ts';
import type { ServerDescription } from '../server-description.ts';

interface AnyServer {
  readonly serverAddress: unknown;
  readonly health?: library.HealthListener | undefined;
  serveForever(options: object): Promise<unknown>;
}

function construct({ server, handler, address, options }: ServerDescription): AnyServer {
  const handlers: Record<string, unknown> = { ...exchanges, ...matrix, ...reckless };
  const Server = (library as Record<string, unknown>)[server] as new (...args: unknown[]) => AnyServer;
  const isSystemd = typeof address === 'object' && address !== null && 'systemd' in address;
  const target = isSystemd ? library.fromSystemd(address.systemd as string) : address;
  return new Server(target, handlers[handler], options);
}

if (import.meta.main) {
  const servers = (JSON.parse(process.argv[2]!) as ServerDescription[]).map(construct);
  const addresses = servers.map(({ serverAddress }) => serverAddress);
  const health = servers.map((server) => server.health?.address);
  const left = Object.keys(process.env).filter((key) => key.startsWith('LISTEN_'));
  const signals =
    process.argv[3] === undefined ? ['SIGTERM', 'SIGINT'] : (JSON.parse(process.argv[3]) as string[]);
  const ended = Promise.all(servers.map((server) => server.serveForever({ signals })));
  console.log(JSON.stringify({ addresses, health, left }));
  const by = await ended;
  const listeners = signals.reduce((sum, signal) => sum + process.listenerCount(signal), 0);
  console.log(JSON.stringify({ by, listeners }));
}

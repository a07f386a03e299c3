import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { connect, type StreamSocket } from '../../src/index.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, 'programs/idle-server.ts');

/** Connections that say nothing; the full run has 10,000. What their memory costs is measured by `npm run bench`. */
const idle = Number(process.env['SOCKETSERVER_IDLE_CONNECTIONS'] ?? 500);
const opening = 100;

/** Requests of the one client that is not idle. */
const warmUps = 500;
const asked = 10_000;

/** CPU time of the server for each request of the active client, alone and among the idle. */
interface Costs {
  readonly aloneMicros: number;
  readonly amongMicros: number;
}

/** Opens idle connections to a server in a process of its own, and asks it things before and after. */
async function costsOf(kind: string): Promise<Costs> {
  const child = spawn(process.execPath, [program, kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value as string;
  const port = Number(await nextLine());
  const look = async (): Promise<[cpuMicros: number, connections: number]> => {
    child.stdin.write('look\n');
    return (await nextLine()).split(' ').map(Number) as [number, number];
  };
  const active = await connect(['127.0.0.1', port]);
  const microsPerRequest = async (): Promise<number> => {
    const [before] = await look();
    for (let count = 0; count < asked; count += 1) await ask(active);
    return ((await look())[0] - before) / asked;
  };
  for (let count = 0; count < warmUps; count += 1) await ask(active);
  const aloneMicros = await microsPerRequest();
  const sockets: net.Socket[] = [];
  while (sockets.length < idle)
    sockets.push(...(await Promise.all(Array.from({ length: opening }, () => open(port)))));
  await until(async () => (await look())[1] > sockets.length); // the server has taken all
  const amongMicros = await microsPerRequest();
  for (const socket of sockets) socket.destroy();
  active.close();
  child.stdin.end();
  await exited;
  return { aloneMicros, amongMicros };
}

async function open(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: StreamSocket): Promise<void> {
  await socket.sendall('ping');
  await socket.readExactly(4);
}

describe(`${idle} idle connections`, { skip: process.platform !== 'linux' }, () => {
  for (const kind of ['raw', ...workerEngines.map(([name]) => name)]) {
    it(`do not make the requests of others dearer: ${kind === 'raw' ? 'node:net, to compare' : kind}`, async (t) => {
      const { aloneMicros, amongMicros } = await costsOf(kind);
      t.diagnostic(
        `a request costs ${kind} ${aloneMicros.toFixed(1)} µs of CPU alone, ${amongMicros.toFixed(1)} µs among them`,
      );
      assert.ok(amongMicros < 3 * aloneMicros, `${aloneMicros} µs alone, ${amongMicros} µs among the idle`);
    });
  }
});

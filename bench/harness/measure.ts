import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificate } from './build-programs.ts';
import type { Contender } from './contender.ts';
import { type Load, SteppedLoad } from './load-process.ts';
import { benchFile, buildFile } from './paths.ts';
import { RedisLoad } from './redis-load.ts';
import { ServerProcess, ServerUnavailableError } from './server-process.ts';
import type { Sample, Workload } from './workload.ts';

export interface Phases {
  readonly seconds: number;
  readonly warmupSeconds: number;
}

/** After the last answer a server still closes connections and collects children. */
const SETTLE_MS = 60;
const LOAD_GRACE_SECONDS = 60;

let sockets = 0;
let socketFolder = '';

/** Starts a contender for a workload. @throws {ServerUnavailableError} */
export async function startServer(contender: Contender, workload: Workload): Promise<ServerProcess> {
  if (contender.command.length === 0) throw new ServerUnavailableError('its program is missing');
  const [transport] = workload.task.split(':');
  if (contender.ready === 'accepts') {
    const port = await freePort();
    return ServerProcess.start({ command: [...contender.command, '--port', String(port)], ready: port });
  }
  const program = contender.serves.get(workload.task) ?? '';
  return ServerProcess.start({
    command: [
      ...contender.command,
      '--transport',
      transport ?? '',
      '--workload',
      program,
      ...(transport === 'unix' ? ['--path', nextSocketPath()] : ['--port', '0']),
      ...(transport === 'tls' ? ['--cert', certificate.cert, '--key', certificate.key] : []),
    ],
    ready: 'announces',
  });
}

/** Runs the workload's load once against a server and reads what the server used during the measured phase. */
export async function measure(server: ServerProcess, workload: Workload, phases: Phases): Promise<Sample> {
  await using load = startLoad(server, workload, phases);
  await load.ready();
  const before = server.usage();
  const result = await load.run();
  await sleep(SETTLE_MS);
  const after = server.usage();
  if (server.hasExited) throw new Error('the server ended while it was measured');
  if (result.requests === 0) throw new Error(`no request was answered, ${result.errors} failed`);
  return {
    ...result,
    cpuMicros: after.cpuMicros - before.cpuMicros,
    rssBytes: after.rssBytes - before.rssBytes,
  };
}

function startLoad(server: ServerProcess, workload: Workload, { seconds, warmupSeconds }: Phases): Load {
  if (workload.client === 'redis') return new RedisLoad(server.address, seconds);
  const program =
    workload.client === 'tls' ? [process.execPath, benchFile('load/tls-load.ts')] : [buildFile('load')];
  const command = [
    ...program,
    ...workload.load,
    ...(server.address.startsWith('/') ? ['--path', server.address] : ['--port', server.address]),
    '--seconds',
    String(seconds),
    '--warmup',
    String(warmupSeconds),
  ];
  return new SteppedLoad(command, seconds + warmupSeconds + LOAD_GRACE_SECONDS);
}

function nextSocketPath(): string {
  if (socketFolder === '') {
    socketFolder = mkdtempSync(join(tmpdir(), 'bench-'));
    process.once('exit', () => rmSync(socketFolder, { recursive: true }));
  }
  return join(socketFolder, `${++sockets}.sock`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

/**
 * What a worker costs: the CPU time of its start, and its memory while it waits, for threads and for processes, with a
 * handler in TypeScript, from which each worker strips the types, and the same one in JavaScript; next to a thread and
 * a process of Node's that do nothing.
 *
 *     npm run build && node bench/workers-cost.ts [rounds]
 *
 * Each round starts a server with one worker and one with nine, and takes an eighth of the difference; so what the
 * server itself needs, and the first worker's share of it, is not in the figures. CPU time is that of all threads of
 * the server and its children; memory is the proportional set size (each shared page divided among those who share
 * it). [proc(5): schedstat, smaps_rollup]
 */
import { fork, spawn } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ForkingTCPServer, ThreadingTCPServer } from 'socketserver';
import type { Echo } from './servers/handlers/echo.ts';
import { benchFile, buildFile } from './harness/paths.ts';

const servers = { thread: ThreadingTCPServer, process: ForkingTCPServer };

const handlers = {
  JavaScript: buildFile('workers-cost-echo.js'),
  TypeScript: benchFile('servers/handlers/echo.ts'),
};

/** What is measured: each kind of worker with each handler, and without any. */
interface Contender {
  readonly kind: keyof typeof servers;
  readonly language: keyof typeof handlers | 'bare';
}

const contenders: readonly Contender[] = [
  { kind: 'thread', language: 'bare' },
  { kind: 'process', language: 'bare' },
  { kind: 'thread', language: 'JavaScript' },
  { kind: 'thread', language: 'TypeScript' },
  { kind: 'process', language: 'JavaScript' },
  { kind: 'process', language: 'TypeScript' },
];

/** How long workers may take to become quiet after they are ready. */
const settleMs = 500;

interface Cost {
  readonly cpuMs: number;
  readonly memoryMiB: number;
}

/** Runs threads or processes that do nothing, and says when all of them do. */
async function idle(kind: Contender['kind'], workers: number): Promise<void> {
  const thread = "setInterval(() => {}, 1e9); require('node:worker_threads').parentPort.postMessage('ready')";
  const child = buildFile('workers-cost-idle.cjs');
  writeFileSync(child, "process.on('message', () => {}); process.send('ready');");
  const start = () => (kind === 'thread' ? new Worker(thread, { eval: true }) : fork(child));
  await Promise.all(Array.from({ length: workers }, () => once(start(), 'message')));
  console.log('ready');
}

/** Runs a server, and says when all its workers are ready. */
async function serve({ kind, language }: Contender, workers: number): Promise<void> {
  if (language === 'bare') return idle(kind, workers);
  let started = 0;
  subscribe('socketserver:worker:started', () => {
    started += 1;
    if (started === workers) console.log('ready');
  });
  const { Echo: Handler } = (await import(handlers[language])) as { Echo: typeof Echo };
  const options = { workers: { min: workers, max: workers } };
  await using server = new servers[kind](['127.0.0.1', 0], Handler, options);
  await server.serveForever();
}

/** What a server with so many workers has used, and holds, when it is ready. */
async function costOfServer({ kind, language }: Contender, workers: number): Promise<Cost> {
  const args = [import.meta.filename, 'serve', kind, language, String(workers)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: child.stdout }), 'line');
  await setTimeout(settleMs);
  const cost = costOfTree(child.pid!);
  child.kill();
  await once(child, 'exit');
  return cost;
}

function costOfTree(pid: number): Cost {
  const costs = [costOfProcess(pid), ...childrenOf(pid).map(costOfTree)];
  return {
    cpuMs: sum(costs.map(({ cpuMs }) => cpuMs)),
    memoryMiB: sum(costs.map(({ memoryMiB }) => memoryMiB)),
  };
}

function costOfProcess(pid: number): Cost {
  const cpuNanos = readdirSync(`/proc/${pid}/task`).map((thread) =>
    parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10),
  );
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const [, kibibytes = ''] = /^Pss: +(\d+) kB$/m.exec(memory) ?? [];
  return { cpuMs: sum(cpuNanos) / 1e6, memoryMiB: Number(kibibytes) / 1024 };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}

async function costOfWorker(contender: Contender): Promise<Cost> {
  const one = await costOfServer(contender, 1);
  const nine = await costOfServer(contender, 9);
  return {
    cpuMs: (nine.cpuMs - one.cpuMs) / 8,
    memoryMiB: (nine.memoryMiB - one.memoryMiB) / 8,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function main(rounds: number): Promise<void> {
  mkdirSync(buildFile(''), { recursive: true });
  writeFileSync(handlers.JavaScript, stripTypeScriptTypes(readFileSync(handlers.TypeScript, 'utf8')));
  const costs = contenders.map((contender) => ({ contender, samples: [] as Cost[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, samples } of costs) samples.push(await costOfWorker(contender));
  }
  for (const { contender, samples } of costs) {
    const cpuMs = median(samples.map(({ cpuMs }) => cpuMs)).toFixed(0);
    const memoryMiB = median(samples.map(({ memoryMiB }) => memoryMiB)).toFixed(1);
    const name = `${contender.kind}, ${contender.language}`.padEnd(20);
    console.log(`${name} start ${cpuMs} ms of CPU time, memory ${memoryMiB} MiB`);
  }
}

const [first = '7', kind, language, workers] = process.argv.slice(2);
if (first === 'serve') await serve({ kind, language } as Contender, Number(workers));
else await main(Number(first));

/**
 * Our servers, as users write them: a handler class, a server class, `serveForever()`.
 *
 *   node serve.ts --model serial|concurrent|threading|forking --engine auto|node|native
 *                 --transport tcp|tls|udp|unix --port <n> | --path <path>
 *                 --workload echo|lines|frames|source|sendfile|sink|burn [--requests-per-worker <n>] [--max-workers <n>]
 */
import { readFileSync } from 'node:fs';
import { announce, readServerCommand } from '../peers/command-line.ts';
import { loadHandler } from './load-handler.ts';
import { findServerClass } from './server-class.ts';

const command = readServerCommand({
  model: 'concurrent',
  engine: 'auto',
  'requests-per-worker': '',
  'max-workers': '',
});

/** The library's defaults, but for the longer backlog that every peer has too. */
function options(): object {
  const requestsPerWorker = Number(command.extra['requests-per-worker']);
  const max = Number(command.extra['max-workers']);
  return {
    engine: command.extra['engine'],
    ...(command.transport !== 'udp' && { requestQueueSize: 1024 }),
    ...(command.transport === 'tls' && {
      tls: { cert: readFileSync(command.cert), key: readFileSync(command.key) },
    }),
    ...(max > 0 && { workers: { max, ...(requestsPerWorker > 0 && { requestsPerWorker }) } }),
  };
}

/** `['127.0.0.1', 8888]`, or a path. */
function portOrPath(address: unknown): string {
  return Array.isArray(address) ? String(address[1]) : String(address);
}

const ServerClass = findServerClass(command.extra['model'] ?? '', command.transport);
const handler = await loadHandler(command.workload, command.transport);
const address = command.transport === 'unix' ? command.path : ['127.0.0.1', command.port];
await using server = new ServerClass(address, handler, options());
announce(portOrPath(server.serverAddress));
await server.serveForever();

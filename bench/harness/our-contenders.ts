import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, contender, serving } from './contender.ts';
import { benchFile } from './paths.ts';
import type { Task } from './workload.ts';

const serveProgram = benchFile('servers/serve.ts');

/** Python's `max_children`, and ours, is 40: a forking server holds as many connections, others wait. */
const MOST_CHILDREN = 32;

const streams: [Task, string][] = [
  ...serving('tcp', 'echo', 'lines', 'frames', 'source', 'sink', 'burn'),
  ...serving('unix', 'echo'),
  ...serving('tls', 'echo'),
];
const everything = [...streams, ...serving('udp', 'echo')];
const sendfile: [Task, string][] = [['tcp:source', 'sendfile']];

function ours(
  model: string,
  engine: string,
  serves: [Task, string][],
  rest: Partial<Contender> = {},
): Contender {
  const command = [process.execPath, serveProgram, '--model', model, '--engine', engine];
  return contender(`${model}/${engine}`, `socketserver ${model}, ${engine} engine`, command, serves, {
    isOurs: true,
    ...rest,
  });
}

/** Ours as another checkout has them, which must be built too: what a change costs or gains, in one run. */
export function contendersOf(checkout: string): Contender[] {
  const program = join(checkout, 'bench/servers/serve.ts');
  if (!existsSync(program)) {
    throw new RangeError(`Cannot run: --against must name another checkout, got ${checkout}`);
  }
  return ourContenders
    .filter(({ command }) => command[1] === serveProgram)
    .map((contender) => servedBy(program, contender));
}

function servedBy(program: string, ours: Contender): Contender {
  return {
    ...ours,
    name: `against/${ours.name}`,
    title: `${ours.title}, the other checkout`,
    command: ours.command.map((word) => (word === serveProgram ? program : word)),
  };
}

/** The same handlers in the four models on one engine. */
function onEngine(engine: string): Contender[] {
  const concurrent = ours('concurrent', engine, everything);
  const threading = ours('threading', engine, everything);
  const forking = ours('forking', engine, everything);
  return [
    concurrent,
    ours('serial', engine, everything, { mostConnections: 1 }),
    threading,
    {
      ...threading,
      name: `threading-one/${engine}`,
      title: `socketserver threading, one thread, ${engine} engine`,
      command: [...threading.command, '--max-workers', '1'],
      serves: new Map(serving('tcp', 'echo')),
    },
    { ...forking, mostConnections: MOST_CHILDREN },
    {
      ...forking,
      name: `forking-shared/${engine}`,
      title: `socketserver forking, 2 processes with many requests each, ${engine} engine`,
      command: [...forking.command, '--requests-per-worker', '10000', '--max-workers', '2'],
      serves: new Map(serving('tcp', 'echo')),
    },
    {
      ...concurrent,
      name: `sendfile/${engine}`,
      title: `socketserver concurrent, sendfile, ${engine} engine`,
      serves: new Map(sendfile),
    },
  ];
}

const redisExample = benchFile('../examples/redis-ping.ts');

export const ourContenders: readonly Contender[] = [
  ...onEngine('native'),
  ...onEngine('node'),
  contender(
    'redis-ping',
    'socketserver, examples/redis-ping.ts',
    existsSync(redisExample) ? [process.execPath, redisExample] : [],
    serving('tcp', 'redis'),
    { isOurs: true, ready: 'accepts' },
  ),
];

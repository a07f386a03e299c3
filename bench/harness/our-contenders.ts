import { existsSync } from 'node:fs';
import { type Contender, contender, serving } from './contender.ts';
import { benchFile } from './paths.ts';
import type { Task } from './workload.ts';

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
  const command = [process.execPath, benchFile('servers/serve.ts'), '--model', model, '--engine', engine];
  return contender(`${model}/${engine}`, `socketserver ${model}, ${engine} engine`, command, serves, {
    isOurs: true,
    ...rest,
  });
}

/** The same handlers in the four models on one engine. */
function onEngine(engine: string): Contender[] {
  const concurrent = ours('concurrent', engine, everything);
  const forking = ours('forking', engine, everything);
  return [
    concurrent,
    ours('serial', engine, everything, { mostConnections: 1 }),
    ours('threading', engine, everything),
    { ...forking, mostConnections: MOST_CHILDREN },
    {
      ...forking,
      name: `forking-shared/${engine}`,
      title: `socketserver forking, 2 processes with many requests each, ${engine} engine`,
      command: [...forking.command, '--requests-per-worker', '10000'],
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

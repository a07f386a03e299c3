import { type Contender, contender, serving } from './contender.ts';
import { benchFile, buildFile, bunProgram } from './paths.ts';
import type { Task } from './workload.ts';

const tcpPrograms: [Task, string][] = serving('tcp', 'echo', 'lines', 'frames', 'source', 'sink', 'burn');
const unixEcho = serving('unix', 'echo');
const tlsEcho = serving('tls', 'echo');
const udpEcho = serving('udp', 'echo');
const tcpEcho = serving('tcp', 'echo');

function node(file: string, ...args: string[]): string[] {
  return [process.execPath, benchFile(`peers/${file}`), ...args];
}

/** Debian's Python, for which Debian has uvloop. */
function python(file: string, ...args: string[]): string[] {
  return ['/usr/bin/python3', benchFile(`peers/${file}`), ...args];
}

const nodePeers = [
  contender('node-net', "node:net, 'data' events", node('node-net.ts'), [...tcpPrograms, ...unixEcho]),
  contender(
    'node-net-corked',
    "node:net, 'data' events, corked",
    node('node-net.ts', '--corked', 'yes'),
    serving('tcp', 'lines', 'frames'),
  ),
  contender('node-for-await', 'node:net, for await', node('node-net-for-await.ts'), [
    ...tcpPrograms,
    ...unixEcho,
    ...tlsEcho,
  ]),
  contender(
    'node-net-file',
    'node:net, a file piped into the socket',
    node('node-net-file.ts'),
    serving('tcp', 'source'),
  ),
  contender('node-tls', "node:tls, 'data' events", node('node-net.ts'), tlsEcho),
  contender('node-dgram', 'node:dgram', node('node-dgram.ts'), udpEcho),
];

const pythonPeers = [
  contender(
    'python-threading',
    'Python ThreadingTCPServer',
    python('python_socketserver.py', '--model', 'threading'),
    [...tcpPrograms, ...unixEcho, ...udpEcho],
    { mostConnections: 1000 },
  ),
  contender(
    'python-forking',
    'Python ForkingTCPServer',
    python('python_socketserver.py', '--model', 'forking'),
    [...tcpPrograms, ...udpEcho],
    { mostConnections: 32 },
  ),
  contender(
    'python-serial',
    'Python TCPServer, UDPServer',
    python('python_socketserver.py', '--model', 'serial'),
    [...tcpPrograms, ...udpEcho],
    { mostConnections: 1 },
  ),
  contender('asyncio-streams', 'Python asyncio streams', python('python_asyncio.py', '--style', 'streams'), [
    ...tcpPrograms,
    ...unixEcho,
    ...tlsEcho,
  ]),
  contender(
    'asyncio-protocol',
    'Python asyncio protocol',
    python('python_asyncio.py', '--style', 'protocol'),
    [...tcpPrograms, ...unixEcho, ...tlsEcho, ...udpEcho],
  ),
  contender(
    'uvloop',
    'Python uvloop protocol',
    python('python_asyncio.py', '--style', 'protocol', '--loop', 'uvloop'),
    [...tcpPrograms, ...unixEcho, ...tlsEcho, ...udpEcho],
  ),
];

const compiledPeers = [
  contender(
    'c-epoll',
    'C, epoll',
    [buildFile('epoll')],
    [...serving('tcp', 'echo', 'source', 'sink', 'burn'), ...unixEcho, ...udpEcho],
  ),
  contender('go-net', 'Go net', [buildFile('echo-go')], [...tcpPrograms, ...unixEcho, ...udpEcho]),
];

const otherPeers = [
  contender(
    'bun-listen',
    'Bun.listen',
    [bunProgram(), benchFile('peers/bun-listen.ts')],
    [...tcpEcho, ...unixEcho],
  ),
  contender(
    'ranch',
    'Ranch (Erlang)',
    [
      'env',
      'ERL_CRASH_DUMP_SECONDS=0',
      'erl',
      '-noshell',
      '-pa',
      buildFile('ranch/ebin'),
      '-run',
      'ranch_echo',
      'main',
      '0',
      '-extra',
    ],
    tcpEcho,
  ),
  contender(
    'redis-server',
    'Redis',
    ['redis-server', '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'],
    serving('tcp', 'redis'),
    { ready: 'accepts' },
  ),
];

export const peerContenders: readonly Contender[] = [
  ...compiledPeers,
  ...nodePeers,
  ...pythonPeers,
  ...otherPeers,
];

import {
  cpuPerGib,
  cpuPerRequest,
  memoryPerConnection,
  requestsPerSecond,
  type Task,
  type Workload,
} from './workload.ts';

const GIB = String(2 ** 30);

/** Fills in what most workloads have in common. */
function workload(
  name: string,
  title: string,
  task: Task,
  rest: Partial<Workload> & Pick<Workload, 'load' | 'heldConnections'>,
): Workload {
  return {
    name,
    title,
    task,
    figure: cpuPerRequest,
    client: 'stepped',
    baseline: 'node-net',
    needsFreshServer: false,
    ...rest,
  };
}

function echo(name: string, title: string, connections: number, ...load: string[]): Workload {
  return workload(name, title, 'tcp:echo', {
    load: ['--connections', String(connections), ...load],
    heldConnections: connections,
  });
}

function idle(name: string, title: string, ...load: string[]): Workload {
  return workload(name, title, 'tcp:echo', {
    figure: memoryPerConnection,
    load: ['--mode', 'idle', '--connections', '10000', ...load],
    heldConnections: 10_000,
    needsFreshServer: true,
  });
}

function tls(name: string, title: string, mode: string, connections: number): Workload {
  return workload(name, title, 'tls:echo', {
    client: 'tls',
    load: ['--mode', mode, '--connections', String(connections)],
    heldConnections: mode === 'echo' ? connections : 1,
    baseline: 'node-tls',
  });
}

export const workloads: readonly Workload[] = [
  echo('echo-1', '64-byte echo, 1 connection', 1),
  echo('echo-64', '64-byte echo, 64 connections', 64),
  echo('echo-1k', '64-byte echo, 1,000 connections', 1000),
  echo('echo-10k', '64-byte echo, 10,000 connections', 10_000),
  echo('echo-64k', '64 KiB echo, 16 connections', 16, '--size', '65536'),
  workload('download', 'One way to the client, 1 GiB at a time', 'tcp:source', {
    figure: cpuPerGib,
    load: ['--mode', 'download', '--bytes', GIB, '--requests', '2'],
    heldConnections: 1,
  }),
  workload('upload', 'One way to the server, 1 GiB at a time', 'tcp:sink', {
    figure: cpuPerGib,
    load: ['--mode', 'upload', '--bytes', GIB, '--requests', '2'],
    heldConnections: 1,
  }),
  workload('lines', '64-byte lines, 16 a write, 16 connections', 'tcp:lines', {
    load: ['--framing', 'line', '--pipeline', '16', '--connections', '16'],
    heldConnections: 16,
  }),
  workload('frames', 'Length-prefixed 64-byte messages, 16 a write, 16 connections', 'tcp:frames', {
    load: ['--framing', 'length', '--pipeline', '16', '--connections', '16'],
    heldConnections: 16,
  }),
  workload('connect', 'Connect, one 64-byte echo, close; 16 at a time', 'tcp:echo', {
    load: ['--mode', 'connect', '--connections', '16'],
    heldConnections: 1,
  }),
  idle('idle', '10,000 idle connections, nothing sent yet'),
  idle('idle-used', '10,000 idle connections after one echo each', '--touch'),
  workload('udp', '64-byte UDP echo, 8 clients with 8 datagrams under way each', 'udp:echo', {
    load: ['--transport', 'udp', '--connections', '8', '--pipeline', '8'],
    heldConnections: 1,
    baseline: 'node-dgram',
  }),
  workload('unix', '64-byte echo over a Unix socket, 64 connections', 'unix:echo', {
    load: ['--transport', 'unix', '--connections', '64'],
    heldConnections: 64,
  }),
  tls('tls-echo', '64-byte echo over TLS, 64 connections', 'echo', 64),
  tls('tls-handshake', 'TLS: full handshake, one echo, close; 16 at a time', 'handshake', 16),
  tls('tls-resume', 'TLS: resumed handshake, one echo, close; 16 at a time', 'resume', 16),
  workload('burn', '5 ms of computing a request, 8 connections', 'tcp:burn', {
    figure: requestsPerSecond,
    load: ['--connections', '8'],
    heldConnections: 8,
  }),
  workload('redis', "redis-benchmark's PING, 64 connections", 'tcp:redis', {
    client: 'redis',
    load: [],
    heldConnections: 64,
    baseline: 'redis-server',
  }),
];

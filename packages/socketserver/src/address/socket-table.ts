import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { inetAddress, type SocketAddress } from './socket-address.ts';

/** What Linux's tables tell of a socket. */
export interface SocketFacts {
  readonly kind: 'TCP' | 'UDP' | 'Unix stream' | 'Unix datagram' | 'Unix packet';
  /** `bound` covers what is neither: a datagram socket, or a stream socket that does not listen yet. */
  readonly state: 'listening' | 'connected' | 'bound';
  readonly address: SocketAddress;
  /** Whether it is of IPv6. */
  readonly isIPv6: boolean;
}

/** The tables of the sockets in this network namespace, each with what reads a line of it. [proc_net(5)] */
const tables: readonly (readonly [
  file: string,
  read: (line: string, inode: string) => SocketFacts | undefined,
])[] = [
  ['/proc/net/unix', readUnixLine],
  ['/proc/net/udp', (line, inode) => readInetLine(line, inode, { kind: 'UDP', isIPv6: false })],
  ['/proc/net/udp6', (line, inode) => readInetLine(line, inode, { kind: 'UDP', isIPv6: true })],
  ['/proc/net/tcp', (line, inode) => readInetLine(line, inode, { kind: 'TCP', isIPv6: false })],
  ['/proc/net/tcp6', (line, inode) => readInetLine(line, inode, { kind: 'TCP', isIPv6: true })],
];

/**
 * Finds a socket in Linux's tables by its inode.
 *
 * @returns `undefined` where the system has no such tables, and for a socket of another network namespace, of another
 *   family, or a TCP socket that neither listens nor is connected.
 */
export function findSocket(inode: number): SocketFacts | undefined {
  for (const [file, read] of tables) {
    const found = findInTable(tableText(file), String(inode), read);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A whole table can be long, and is mostly other sockets: only lines that hold the number are looked at. */
export function findInTable(
  table: string,
  inode: string,
  read: (line: string, inode: string) => SocketFacts | undefined,
): SocketFacts | undefined {
  for (let at = table.indexOf(inode); at !== -1; at = table.indexOf(inode, at + 1)) {
    const end = table.indexOf('\n', at);
    const line = table.slice(table.lastIndexOf('\n', at) + 1, end === -1 ? undefined : end);
    const facts = read(line, inode);
    if (facts !== undefined) return facts;
  }
  return undefined;
}

/** Reads `Num RefCount Protocol Flags Type St Inode Path`; `00010000` among the flags says that it listens. */
export function readUnixLine(line: string, inode: string): SocketFacts | undefined {
  const match = /^\S+: \S+ \S+ (\S+) (\S+) (\S+) +(\S+)(?: (.*))?$/.exec(line);
  if (match === null || match[4] !== inode) return undefined;
  const kind = unixKinds.get(match[2]!);
  if (kind === undefined) return undefined;
  const isListening = (Number.parseInt(match[1]!, 16) & 0x10000) !== 0;
  const state = isListening ? 'listening' : match[3] === '03' ? 'connected' : 'bound';
  const path = Buffer.from(match[5] ?? '', 'latin1').toString();
  return { kind, state, address: path.replace(/^@/, '\0'), isIPv6: false };
}

const unixKinds: ReadonlyMap<string, SocketFacts['kind']> = new Map([
  ['0001', 'Unix stream'],
  ['0002', 'Unix datagram'],
  ['0005', 'Unix packet'],
]);

/** Reads `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …`; state 0A listens, 07 is unconnected. */
export function readInetLine(
  line: string,
  inode: string,
  { kind, isIPv6 }: Pick<SocketFacts, 'kind' | 'isIPv6'>,
): SocketFacts | undefined {
  const fields = line.trim().split(/\s+/);
  const [, local, , st] = fields;
  if (fields[9] !== inode || local === undefined) return undefined;
  const [host, port] = local.split(':');
  const state = st === '0A' ? 'listening' : st === '07' ? 'bound' : 'connected';
  return { kind, state, address: inetAddress(readHost(host!), Number.parseInt(port!, 16)), isIPv6 };
}

/** Hosts stand there as words of 32 bits, each as this processor reads it. */
function readHost(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function tableText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    // No such table: not Linux, or no such family.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

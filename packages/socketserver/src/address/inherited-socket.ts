import { fstatSync, type Stats } from 'node:fs';
import { formatAddress, inetAddress, type SocketAddress } from './socket-address.ts';
import { findSocket, type SocketFacts } from './socket-table.ts';

/** A socket that this process was started with: what servers take instead of an address. `fromSystemd()` gives such. */
export interface InheritedSocketInput {
  /** The number of the descriptor. */
  readonly fd: number;
  /** For messages: what the parent calls it. */
  readonly name?: string | undefined;
}

/** A kind of socket that servers take requests from. */
export type InheritedKind = 'TCP' | 'UDP' | 'Unix stream' | 'Unix datagram';

/** What a server was given instead of an address. */
export class InheritedSocket<Address extends SocketAddress = SocketAddress> {
  readonly fd: number;
  readonly name: string | undefined;
  readonly kind: InheritedKind;

  /** @throws TypeError for a descriptor that is none. */
  constructor({ fd, name }: InheritedSocketInput, kind: InheritedKind) {
    if (!Number.isInteger(fd) || fd < 0 || fd > 2 ** 31 - 1) {
      throw new TypeError(
        `Cannot use the address: fd must be the number of a descriptor, got ${JSON.stringify(fd) ?? String(fd)}`,
      );
    }
    this.fd = fd;
    this.name = name;
    this.kind = kind;
  }

  /** What stands for the address until the socket is taken over. */
  get unboundAddress(): Address {
    const address: SocketAddress = this.kind.startsWith('Unix') ? '' : inetAddress('', 0);
    return address as Address;
  }

  /**
   * Looks at the descriptor, before anything touches it.
   *
   * @returns what can be told; `undefined` where that is nothing.
   * @throws TypeError where it can be told that this is no socket of the kind, or one that cannot take requests.
   */
  inspect(): SocketFacts | undefined {
    const stats = statOf(this.fd);
    if (stats?.isSocket() !== true)
      throw this.wrong(stats === undefined ? 'no open descriptor' : describeFile(stats));
    const facts = findSocket(stats.ino);
    const isWrong = facts !== undefined && (facts.kind !== this.kind || facts.state === 'connected');
    if (isWrong) throw this.wrong(describeSocket(facts));
    return facts;
  }

  /** The error for a descriptor that turned out to be something else. */
  wrong(found: string, options?: ErrorOptions): TypeError {
    const name = this.name === undefined ? '' : ` ('${this.name}')`;
    const wanted = this.kind === 'UDP' || this.kind === 'Unix datagram' ? 'bound' : 'listening';
    return new TypeError(
      `Cannot use the inherited socket: descriptor ${this.fd}${name} must be a ${wanted} ${this.kind} socket, got ${found}`,
      options,
    );
  }
}

/** Whether a server was given a descriptor. */
export function isInheritedInput(input: unknown): input is InheritedSocketInput {
  return typeof input === 'object' && input !== null && 'fd' in input;
}

/** Says what a descriptor is, for people. */
export function describeDescriptor(fd: number): string {
  const stats = statOf(fd);
  if (stats === undefined) return 'no open descriptor';
  if (!stats.isSocket()) return describeFile(stats);
  const facts = findSocket(stats.ino);
  return facts === undefined ? 'a socket' : describeSocket(facts);
}

function describeSocket({ kind, state, address }: SocketFacts): string {
  const where = address === '' ? 'without an address' : `on ${formatAddress(address)}`;
  return `a ${state === 'bound' ? '' : `${state} `}${kind} socket ${where}`;
}

function describeFile(stats: Stats): string {
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isDirectory()) return 'a directory';
  return stats.isFile() ? 'a file' : 'a device';
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBADF') return undefined;
    throw error;
  }
}

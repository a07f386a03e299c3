import { existsSync, linkSync, lstatSync, readFileSync, renameSync, type Stats, unlinkSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { UnixAddress } from './socket-address.ts';

/** Linux's list of the Unix sockets in this network namespace. [proc_net(5)] */
const socketTable = '/proc/net/unix';

/** How long the probe of a path may take before the path counts as live. */
const probeMs = 5_000;

/**
 * Binds a Unix socket where an earlier one may have left its file behind: a file that nobody serves any more is
 * removed, a live one is not touched. Abstract names leave nothing behind.
 *
 * Between the look at the file and its removal another program may replace it; a look at its inode just before
 * makes that gap short, nothing closes it.
 *
 * @param bind - binds to `path`, synchronously; called a second time after a removal.
 * @throws what `bind` throws, such as `EADDRINUSE` for a live path or one that is no socket.
 */
export function bindReplacingDead<Bound>(path: UnixAddress, bind: () => Bound): Bound {
  try {
    return bind();
  } catch (error) {
    const isInUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isInUse || path.startsWith('\0') || !removeDeadSocket(path)) throw error;
    return bind();
  }
}

/** The file that a bound Unix socket has: it stays after the socket is closed, unless somebody removes it. */
export class SocketFile {
  readonly #path: string;
  readonly #stats: Stats;

  private constructor(path: string, stats: Stats) {
    this.#path = path;
    this.#stats = stats;
  }

  /** Remembers the file at a path that was just bound; `undefined` for an abstract name. */
  static at(path: UnixAddress): SocketFile | undefined {
    if (path.startsWith('\0')) return undefined;
    const absolute = resolve(path); // the program may change its directory
    const stats = lookAt(absolute);
    return stats && new SocketFile(absolute, stats);
  }

  /**
   * Closes the socket and removes its file; a file of somebody else's that has taken its place stays, although libuv
   * unlinks whatever is at the path. [libuv: uv__pipe_close]
   *
   * @param close - closes the socket, in the synchronous part of the call.
   */
  release(close: () => Promise<void>): Promise<void> {
    const found = lookAt(this.#path);
    if (found === undefined || isSameFile(found, this.#stats)) {
      this.remove();
      return close();
    }
    const aside = `${this.#path}.${process.pid}.kept`;
    linkSync(this.#path, aside);
    try {
      return close();
    } finally {
      renameSync(aside, this.#path);
    }
  }

  /** Removes the file, unless another one has taken its place. Idempotent. @throws the operating system's error. */
  remove(): void {
    if (isSameFile(lookAt(this.#path), this.#stats)) unlinkSync(this.#path);
  }
}

/** @returns whether the path is free now. */
function removeDeadSocket(path: string): boolean {
  const found = lookAt(path);
  if (found === undefined) return true;
  if (!found.isSocket() || isBoundHere(path, found) || answersToConnect(path)) return false;
  if (isSameFile(lookAt(path), found)) unlinkSync(path);
  return true;
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isSameFile(one: Stats | undefined, other: Stats): boolean {
  return one !== undefined && one.ino === other.ino && one.dev === other.dev;
}

/** Asks Linux's list, which also shows those that are bound and do not listen yet. */
function isBoundHere(path: string, found: Stats): boolean {
  if (!existsSync(socketTable)) return false;
  const table = readFileSync(socketTable, 'latin1');
  const name = Buffer.from(path).toString('latin1');
  return table.split('\n').some((line) => isBoundTo(line, { name, found }));
}

/**
 * Reads one line of the list: `Num RefCount Protocol Flags Type St Inode Path`. A stream socket in state
 * 03 is a connection that outlived its listener; `00010000` among the flags says that it listens. [proc_net(5)]
 *
 * The list has the path as it was bound. Those that listen, and datagram sockets, answer a connect under any name.
 */
function isBoundTo(line: string, { name, found }: { readonly name: string; readonly found: Stats }): boolean {
  const match = /^\S+: \S+ \S+ (\S+) (\S+) (\S+) +\S+ (.+)$/.exec(line);
  if (match === null) return false;
  const [, flags, type, state, path] = match as unknown as [string, string, string, string, string];
  const isDatagram = type === '0002';
  if (!isDatagram && state === '03') return false;
  if (path === name) return true;
  const answers = isDatagram || (Number.parseInt(flags, 16) & 0x10000) !== 0;
  return !answers && mayName(path, name, found);
}

/** Whether two different paths may be those of one file: one that is relative is so to a directory nobody else knows. */
function mayName(path: string, name: string, found: Stats): boolean {
  if (isAbsolute(path)) return isSameFile(lookAt(Buffer.from(path, 'latin1').toString()), found);
  return basename(path) === basename(name);
}

/**
 * Connects, for the sockets that the list does not show: those of other containers and other systems. Only a
 * refusal says that nobody is there: a datagram socket answers `EPROTOTYPE`. [connect(2)]
 *
 * Node connects asynchronously only and constructors bind synchronously, so a worker thread does it.
 */
function answersToConnect(path: string): boolean {
  const answer = new Int32Array(new SharedArrayBuffer(4));
  const probe = new Worker(probeSource, { eval: true, execArgv: [], workerData: { path, answer } });
  Atomics.wait(answer, 0, 0, probeMs);
  void probe.terminate();
  return answer[0] !== 1;
}

const probeSource = `
  const { path, answer } = require('node:worker_threads').workerData;
  const tell = (verdict) => {
    Atomics.store(answer, 0, verdict);
    Atomics.notify(answer, 0);
  };
  const socket = require('node:net').connect(path, () => {
    socket.destroy();
    tell(2);
  });
  socket.on('error', ({ code }) => tell(code === 'ECONNREFUSED' ? 1 : 2));
`;

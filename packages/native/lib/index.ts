/**
 * The native engine of `socketserver`: one epoll instance per thread, a batch of events and bytes handed to
 * JavaScript in one call, a batch of sends made in one go. The library finds and loads this package by itself.
 */
import { loadBinding } from './binding.ts';
import { NativeEngine } from './engine.ts';
import type { LargeMemoryTaken } from './mailbox.ts';
import { osError } from './os-error.ts';
import { type ProcessEnd, type ProcessOptions, startProcessBy } from './processes.ts';

export type { NativeEngine } from './engine.ts';
export type { ProcessEnd, ProcessOptions } from './processes.ts';

/** Each thread evaluates this module for itself, so this is one engine per thread. */
const thread: { binding?: ReturnType<typeof loadBinding>; engine?: NativeEngine } = {};

/**
 * Gives the native engine of this thread; every call gives the same one.
 *
 * @param largeMemoryTaken - told of each buffer for a large read, so that V8 frees them in time; of the first call.
 * @throws the loader's error where the addon was not built or does not fit this system.
 */
export function createNativeEngine(largeMemoryTaken: LargeMemoryTaken = () => {}): NativeEngine {
  thread.binding ??= loadBinding();
  thread.engine ??= new NativeEngine(thread.binding, largeMemoryTaken);
  return thread.engine;
}

/**
 * Sends `text` as one datagram to a Unix socket, as services tell systemd their state.
 *
 * @param path a path or an abstract name; systemd's `$NOTIFY_SOCKET` writes the latter with `@`.
 * @throws the operating system's error.
 * @see sd_notify(3)
 */
export function sdNotify(path: string, text: string): void {
  thread.binding ??= loadBinding();
  const address = path.replace(/^@/, '\0');
  const status = thread.binding.notify(address, Buffer.from(text));
  if (status < 0) throw osError(status, 'sendto', address);
}

/** The two ends of a pipe, as descriptors that are closed on exec and that block. Whoever made it closes both. */
export interface PipeEnds {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/**
 * Makes a pipe, which Node itself cannot: what it gives to child processes are sockets, and `/dev/stdout` cannot be opened on
 * one.
 *
 * @throws the operating system's error, such as `EMFILE`.
 * @see pipe(2)
 */
export function makePipe(): PipeEnds {
  thread.binding ??= loadBinding();
  const ends = new Int32Array(2);
  const status = thread.binding.makePipe(ends);
  if (status < 0) throw osError(status, 'pipe');
  return { readEnd: ends[0]!, writeEnd: ends[1]! };
}

/**
 * Keeps a descriptor that this process was started with from the programs that it executes.
 *
 * @throws the operating system's error: `EBADF`.
 * @see fcntl(2) F_SETFD
 */
export function closeOnExec(fd: number): void {
  thread.binding ??= loadBinding();
  const status = thread.binding.closeOnExec(fd);
  if (status < 0) throw osError(status, 'fcntl');
}

/**
 * Starts a process without a copy of this one, which Node's `spawn()` makes first: in a session and a process group of its own,
 * with all signals as in a fresh login, and with descriptors 0, 1 and 2 only. This thread waits until it executes its program.
 *
 * It is this process's child, and is not ended with it, nor with the thread that started it; it keeps the event loop of that
 * thread alive until it has ended. Nobody else's children are waited for.
 *
 * @param exited - called once, when it has ended; its number may be another process's from then on. Not called where the
 *   thread ends before.
 * @returns its number.
 * @throws the operating system's error, with nothing started: its `syscall` tells `execve` (`ENOENT`, `EACCES`, `E2BIG`) and
 *   `chdir` from `clone` (`EAGAIN`, `EMFILE`), `cgroup`, `dup2` and `setrlimit`. TypeError for a text with NUL; RangeError for a number that
 *   cannot be.
 * @see clone(2) CLONE_VFORK, waitid(2) P_PIDFD
 */
export function startProcess(options: ProcessOptions, exited: (end: ProcessEnd) => void): number {
  thread.binding ??= loadBinding();
  return startProcessBy(thread.binding, options, exited);
}

/**
 * Has the kernel kill this process when its parent is gone, however busy its event loop is. One that answers learns of
 * that sooner, and has the time of grace to end by itself. To the kernel the parent is the thread that started this process:
 * a child of a worker thread ends with that, as it does by the channel that closes then.
 *
 * @param parent - the number of the process that started this one.
 * @param graceMs - milliseconds from the parent's end to this one's.
 * @throws the operating system's error: `EALREADY` for a second call, in whatever thread.
 * @see prctl(2) PR_SET_PDEATHSIG
 */
export function endWithParent(parent: number, graceMs: number): void {
  thread.binding ??= loadBinding();
  const status = thread.binding.endWithParent(parent, graceMs);
  if (status < 0) throw osError(status, 'prctl');
}

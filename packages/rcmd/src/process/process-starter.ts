import type { CommandSpec } from './command.ts';
import type { ControlGroup } from './control-groups.ts';
import { NativeStarter } from './native-starter.ts';
import { ShellStarter } from './shell-starter.ts';

/** What a process is started with, besides what its command says. */
export interface StartParts {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The descriptors that become 0, 1 and 2, which stay the caller's; `undefined` for an empty input. */
  readonly stdio: readonly [number | undefined, number, number];
  readonly group: ControlGroup | undefined;
}

/** A process that was started. */
export interface StartedProcess {
  readonly pid: number;
  /** Settles when it has ended. Never rejects. */
  readonly exited: Promise<ProcessExit>;
}

/** How a process ended: one of the two is set. */
export interface ProcessExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/**
 * Starts the main process of a command: in its folder, in a session and a process group of its own, in its control group, with the limits, the
 * mask and the signals of a fresh login.
 */
export interface ProcessStarter {
  /** Finds out what cannot be run, as far as this one does not learn it by the start itself. @throws CommandStartError */
  check(spec: CommandSpec): Promise<void>;
  /**
   * Starts it before it returns: a promise is that of the error.
   *
   * @throws CommandStartError, or the system's error: nothing was started.
   */
  start(spec: CommandSpec, parts: StartParts): StartedProcess | Promise<never>;
}

/**
 * Chooses who starts processes.
 *
 * @param choice - `'auto'` takes `@socketserver/native` where it is installed and this system can, else Node's `spawn()`, which copies this
 *   process first, and a shell; `'node'` takes these in any case. Default: as `SOCKETSERVER_ENGINE` says, or `'auto'`.
 */
export async function openStarter(choice = fromEnvironment()): Promise<ProcessStarter> {
  const native = choice === 'auto' ? await NativeStarter.load() : undefined;
  return native ?? new ShellStarter();
}

function fromEnvironment(): 'auto' | 'node' {
  return process.env['SOCKETSERVER_ENGINE'] === 'node' ? 'node' : 'auto';
}

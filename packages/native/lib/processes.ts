import { constants } from 'node:os';
import type { Binding } from './binding.ts';
import { osError } from './os-error.ts';

/** What a process is started with. */
export interface ProcessOptions {
  /** Paths, from its working directory on: the first that can be executed is the one. No `PATH` is searched. [execve(2)] */
  readonly programs: readonly string[];
  /** What it is told, its own name first. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Its working directory. */
  readonly cwd: string;
  /** The descriptors that become 0, 1 and 2, which stay the caller's; `undefined` for `/dev/null`. There are no others. */
  readonly stdio: readonly [number | undefined, number | undefined, number | undefined];
  /** Files that it may have open: the soft limit, at most the hard one, which stays; `Infinity` for that. Default: that of this process. */
  readonly openFiles?: number | undefined;
  /** The mask of the files that it makes [umask(2)]. Default: that of this process. */
  readonly mask?: number | undefined;
  /** The folder of the control group (version 2) that it is in from its first moment on. Default: that of this process. */
  readonly controlGroup?: string | undefined;
}

/** How a process ended: one of the two is set; neither, where another part of the program has waited for it. [wait(2)] */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  /** Its name as Node has it, such as `SIGTERM`; one for real time as `SIGRTMIN+1`. [signal(7)] */
  readonly signal: string | undefined;
}

/** Where a start fails, as `StartStep` of `src/process_start.h` counts: the name of what did. */
const steps: readonly string[] = ['clone', 'cgroup', 'dup2', 'setrlimit', 'chdir', 'execve'];

const kept = -1;

/** What one number of several names is called is the first of them, as for Node's own children: SIGABRT, not SIGIOT. */
const signalNames = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

/** What programs have as SIGRTMIN: the C library keeps those before it for itself. [signal(7)] */
const firstRealTime = 34;

const largest = 2 ** 31 - 1;

/**
 * Starts a process: see `startProcess()` of the package.
 *
 * @throws TypeError for a text with NUL, which no argument, path or variable can hold; RangeError for a number that cannot be.
 */
export function startProcessBy(
  binding: Binding,
  options: ProcessOptions,
  exited: (end: ProcessEnd) => void,
): number {
  const { programs, argv, env, cwd, stdio, controlGroup = '' } = options;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const texts = [cwd, controlGroup, ...programs, ...argv, ...variables, ''];
  if (texts.some((text) => text.includes('\0'))) {
    throw new TypeError('Cannot start a process: its paths, arguments and variables must be without NUL');
  }
  if (argv.length === 0) {
    throw new TypeError('Cannot start a process: argv must begin with a name for it, got none');
  }
  const { openFiles } = options;
  const numbers = Int32Array.of(
    programs.length,
    argv.length,
    variables.length,
    ...stdio.map((fd, index) => wholeNumber(`stdio[${index}]`, fd, largest)),
    wholeNumber('openFiles', openFiles === Infinity ? largest : openFiles, largest),
    wholeNumber('mask', options.mask, 0o777),
  );
  const status = binding.startProcess(Buffer.from(texts.join('\0')), numbers, (code, signal) => {
    exited({ exitCode: code < 0 ? undefined : code, signal: signalName(signal) });
  });
  if (status < 0) throw osError(status, steps[numbers[0]!]!);
  return status;
}

/** @returns `undefined` for 0, which is none. */
function signalName(signal: number): string | undefined {
  if (signal < 32) return signalNames.get(signal);
  const beyond = signal - firstRealTime;
  return beyond === 0 ? 'SIGRTMIN' : `SIGRTMIN${beyond > 0 ? '+' : ''}${beyond}`;
}

/** A number as the addon reads it. @throws RangeError */
function wholeNumber(name: string, value: number | undefined, max: number): number {
  if (value === undefined) return kept;
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(
    `Cannot start a process: ${name} must be a whole number from 0 to ${max}, got ${String(value)}`,
  );
}

import { constants } from 'node:os';
import { resolve } from 'node:path';
import { shellPath } from '../paths/system-programs.ts';
import { CommandStartError } from '../process/command-start-error.ts';
import type { CommandSpec } from '../process/command.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import type { CommandLimits } from './command-limits.ts';

/** Milliseconds from `killSignal` to SIGKILL, where a client does not say. */
const defaultGraceMs = 5_000;

/** Milliseconds that output may go on after a command's end, while its children hold the streams open. */
const outputGraceMs = 1_000;

/** What a request becomes, besides what it says itself. */
export interface SpecParts {
  readonly commandId: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: CommandLimits;
  /** Where it runs, and what a relative path of the request is relative to. */
  readonly folder: string;
}

/** The program and the arguments that a request names. */
export function argvOf({ argv, shell }: OpenRequest): readonly [string, ...string[]] {
  return argv === undefined ? [shellPath, '-c', shell!] : (argv as readonly [string, ...string[]]);
}

/**
 * What to run for a request, within the limits of the server: whichever is less.
 *
 * @throws CommandStartError `BAD_REQUEST` for a signal that this system does not have.
 */
export function commandSpec(
  request: OpenRequest,
  { commandId, env, limits, folder }: SpecParts,
): CommandSpec {
  return {
    commandId,
    argv: argvOf(request),
    cwd: resolve(folder, request.cwd ?? ''),
    env,
    stdin: request.stdin,
    timeoutMs: Math.min(request.timeoutMs ?? Infinity, limits.timeoutMs),
    idleTimeoutMs: Math.min(request.idleTimeoutMs ?? Infinity, limits.idleTimeoutMs),
    maxOutputBytes: Math.min(request.maxOutputBytes ?? Infinity, limits.maxOutputBytes),
    killSignal: signalNamed(request.killSignal ?? 'SIGTERM'),
    graceMs: Math.min(request.graceMs ?? defaultGraceMs, limits.maxGraceMs),
    outputGraceMs,
  };
}

/** @throws CommandStartError `BAD_REQUEST` */
function signalNamed(name: string): NodeJS.Signals {
  if (isSignal(name)) return name;
  throw new CommandStartError('BAD_REQUEST', `this system has no signal ${JSON.stringify(name)}`);
}

/** Whether this system has a signal of that name. */
export function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}

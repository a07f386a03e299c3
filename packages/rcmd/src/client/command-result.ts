import type { CommandEnd } from '../protocol/command-end.ts';
import type { CollectedOutput } from './collected-output.ts';
import { isLost, type OwnReason } from './command-outcome.ts';
import type { CommandRequest } from './command-request.ts';
import type { CommandResult, EndSignal } from './result.ts';
import { describeSignal } from './signal-description.ts';

/** What is known of a command that is over. */
export interface CommandRun {
  readonly pid: number | undefined;
  /** What the server said; `undefined` where it said nothing. */
  readonly end: CommandEnd | undefined;
  /** Why it said nothing. */
  readonly failure: unknown;
  /** Why the command was ended from here. */
  readonly reason: OwnReason | undefined;
  /** Whether SIGKILL was sent from here, since an earlier signal did not do. */
  readonly isForced: boolean;
  /** Milliseconds that it took, as seen from here. */
  readonly durationMs: number;
  readonly collected: CollectedOutput | undefined;
}

/** Writes down how a command ended, and what it wrote. */
export function commandResult(
  { command, escapedCommand, host, options }: CommandRequest,
  { pid, end, failure, reason, isForced, durationMs, collected }: CommandRun,
): CommandResult<unknown, unknown> {
  const { encoding = 'utf8', lines = false, stripFinalNewline = true } = options;
  const format = { encoding, lines, stripFinalNewline };
  const signal = end?.signal as EndSignal | undefined;
  return {
    command,
    escapedCommand,
    cwd: options.cwd,
    host,
    pid,
    stdout: collected?.output('stdout', format),
    stderr: collected?.output('stderr', format),
    all: options.all === true ? collected?.all(format) : undefined,
    exitCode: end?.exitCode,
    signal,
    signalDescription: signal && describeSignal(signal),
    failed: end?.exitCode !== 0,
    timedOut: end?.killedBy === 'timeout' || end?.killedBy === 'idle',
    isCanceled: reason?.kind === 'canceled',
    isMaxBuffer: reason?.kind === 'max-buffer',
    isTerminated: signal !== undefined,
    isForcefullyTerminated: signal === 'SIGKILL' && (isForced || end?.killedBy !== undefined),
    isDisconnected: isLost(failure),
    isTruncated: end?.isTruncated ?? false,
    durationMs: end?.durationMs ?? durationMs,
  };
}

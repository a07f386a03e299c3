import { RcmdError } from '../errors.ts';
import { escapeControls } from '../protocol/escape-controls.ts';
import type { AnyOutput } from './collected-output.ts';
import type { CommandFault, CommandResult, EndSignal } from './result.ts';

/** Characters of output that a message may hold, of each stream. */
const shownCharacters = 8_192;

/** What went wrong with a command. */
export interface CommandFailing {
  readonly code: string;
  /** Ends the sentence "The command ...". */
  readonly what: string;
  readonly cause?: unknown;
}

/**
 * A command did not end by itself with 0, or was not run at all. It holds all that a result does.
 *
 * `code`: `EXIT` (another exit code than 0), `SIGNAL` (a signal ended it), `ETIMEDOUT`, `ECANCELED`, `EMAXBUFFER`, `EINPUT` (its input could not be read, in which case nothing was run where it is a file that cannot be opened; `cause` says why), `EKILLED` (the server
 * ended it); where nothing was run `ENOENT` (no such program), `EACCES` (it cannot be executed, or its directory not be entered), `EDENIED` (the policy says no), `EBUSY` (too many
 * commands), `EINVAL`, `EAUDIT` (the server cannot write its record), `EFAILED`; and `EDISCONNECTED` where the connection was lost.
 */
export class CommandError<Output = AnyOutput, All = AnyOutput>
  extends RcmdError
  implements CommandResult<Output, All>, CommandFault
{
  readonly failed = true;
  declare readonly command: string;
  declare readonly escapedCommand: string;
  declare readonly cwd: string | undefined;
  declare readonly host: string;
  declare readonly pid: number | undefined;
  declare readonly stdout: Output;
  declare readonly stderr: Output;
  declare readonly all: All;
  declare readonly exitCode: number | undefined;
  declare readonly signal: EndSignal | undefined;
  declare readonly signalDescription: string | undefined;
  declare readonly timedOut: boolean;
  declare readonly isCanceled: boolean;
  declare readonly isMaxBuffer: boolean;
  declare readonly isTerminated: boolean;
  declare readonly isForcefullyTerminated: boolean;
  declare readonly isDisconnected: boolean;
  declare readonly isTruncated: boolean;
  declare readonly durationMs: number;
  readonly shortMessage: string;
  readonly originalMessage: string | undefined;

  constructor({ code, what, cause }: CommandFailing, result: CommandResult<Output, All>) {
    const shortMessage = `The command ${escapeControls(what)}: ${result.escapedCommand}`;
    super(code, [shortMessage, ...shown(result)].join('\n\n'), cause === undefined ? {} : { cause });
    this.shortMessage = shortMessage;
    this.originalMessage = cause instanceof Error ? cause.message : undefined;
    Object.assign(this, result, { failed: true });
  }

  static {
    this.prototype.name = 'CommandError';
  }
}

/** The output for a message: the end of it, where the reason mostly is. */
function shown({ all, stderr, stdout }: CommandResult<unknown, unknown>): string[] {
  return (all === undefined ? [stderr, stdout] : [all])
    .map((output) => (Array.isArray(output) ? output.join('\n') : output))
    .filter((output): output is string => typeof output === 'string' && output !== '')
    .map((text) => escapeControls(text.length > shownCharacters ? `…${text.slice(-shownCharacters)}` : text));
}

import { ConnectionLostError } from '../link/connection-lost-error.ts';
import { NotStartedError } from '../link/client-channel.ts';
import type { CommandEnd, CommandFailureCode, KillReason } from '../protocol/command-end.ts';
import type { CommandFailing } from './command-error.ts';
import type { ExecOptions } from './exec-options.ts';
import { describeSignal } from './signal-description.ts';

/** What ended a command from this side. */
export type OwnReason =
  | { readonly kind: 'canceled'; readonly cause: unknown }
  | { readonly kind: 'max-buffer' }
  | { readonly kind: 'disposed' }
  | { readonly kind: 'input'; readonly cause: unknown }
  /** The command was not run. */
  | { readonly kind: 'no-input'; readonly cause: unknown };

/** Everything that is known about how a command went. */
export interface CommandOutcome {
  readonly end: CommandEnd | undefined;
  /** Why there is no {@link end}. */
  readonly failure: unknown;
  readonly reason: OwnReason | undefined;
  readonly options: ExecOptions;
}

const startCodes: Readonly<Record<CommandFailureCode, string>> = {
  NOT_FOUND: 'ENOENT',
  NOT_EXECUTABLE: 'EACCES',
  DENIED: 'EDENIED',
  BUSY: 'EBUSY',
  BAD_REQUEST: 'EINVAL',
  AUDIT: 'EAUDIT',
  FAILED: 'EFAILED',
};

const killReasons: Readonly<Record<Exclude<KillReason, 'timeout' | 'idle'>, string>> = {
  'output-limit': 'wrote more than the server allows',
  'client-signal': 'was ended',
  'client-gone': 'was ended, since the server took its client for gone',
  'server-draining': 'was ended, since the server stops',
  administrator: 'was ended by an administrator of the server',
};

/** What went wrong; `undefined` where nothing did. */
export function failingOf({ end, failure, reason, options }: CommandOutcome): CommandFailing | undefined {
  if (reason !== undefined) return failingOfReason(reason, options);
  if (end === undefined) return failingOfFailure(failure);
  switch (end.killedBy) {
    case undefined:
      return failingOfEnd(end);
    case 'timeout':
      return { code: 'ETIMEDOUT', what: `was ended after ${options.timeout ?? 'too many'} milliseconds` };
    case 'idle':
      return {
        code: 'ETIMEDOUT',
        what: `was ended after ${options.idleTimeout ?? 'too many'} milliseconds without input or output`,
      };
    default:
      return { code: 'EKILLED', what: killReasons[end.killedBy] };
  }
}

/** Whether the connection took the command with it. */
export function isLost(failure: unknown): boolean {
  return failure !== undefined && !(failure instanceof NotStartedError);
}

function failingOfReason(reason: OwnReason, { maxBuffer }: ExecOptions): CommandFailing {
  switch (reason.kind) {
    case 'canceled':
      return { code: 'ECANCELED', what: 'was canceled', cause: reason.cause };
    case 'max-buffer':
      return { code: 'EMAXBUFFER', what: `was ended, since it wrote more than ${maxBuffer} bytes` };
    case 'disposed':
      return { code: 'EKILLED', what: 'was ended' };
    case 'input':
      return {
        code: 'EINPUT',
        what: `was ended, since its input failed (${wordsOf(reason.cause)})`,
        cause: reason.cause,
      };
    case 'no-input':
      return {
        code: 'EINPUT',
        what: `was not run, since its input cannot be read (${wordsOf(reason.cause)})`,
        cause: reason.cause,
      };
    default:
      return reason satisfies never;
  }
}

function failingOfFailure(cause: unknown): CommandFailing {
  if (cause instanceof NotStartedError) {
    const { code, message } = cause.failure;
    return { code: startCodes[code], what: `was not run (${message})`, cause };
  }
  const what = cause instanceof ConnectionLostError ? 'was lost with its connection' : 'was lost';
  return { code: 'EDISCONNECTED', what: `${what} (${wordsOf(cause)})`, cause };
}

function failingOfEnd({ exitCode, signal }: CommandEnd): CommandFailing | undefined {
  if (signal !== undefined) {
    const description = describeSignal(signal);
    return { code: 'SIGNAL', what: `was ended by ${signal}${description ? ` (${description})` : ''}` };
  }
  return exitCode === 0 ? undefined : { code: 'EXIT', what: `failed with exit code ${exitCode}` };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

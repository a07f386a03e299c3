import { ProtocolError } from '../errors.ts';
import {
  aBoolean,
  aCount,
  aDuration,
  aText,
  type FieldRule,
  type FieldRules,
  oneOf,
  optional,
  readJSON,
} from './json-payload.ts';

/** Why the server ended a command that would have gone on. */
export type KillReason =
  'timeout' | 'idle' | 'output-limit' | 'client-signal' | 'client-gone' | 'server-draining' | 'administrator';

/** How a command ended: the payload of EXIT. */
export interface CommandEnd {
  /** The exit code, 0 to 255; `undefined` where a signal ended it. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, such as `'SIGTERM'` or `'SIGRTMIN+3'`. */
  readonly signal: string | undefined;
  /** Why the server ended it, if it did. */
  readonly killedBy: KillReason | undefined;
  /** Milliseconds from its start to its end, by the server's clock. */
  readonly durationMs: number;
  /** Bytes that it wrote and that were sent, and bytes of input that it was given. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdinBytes: number;
  /** Whether output was cut off: by a limit, or since a child of it held a stream open after its end. */
  readonly isTruncated: boolean;
}

/** A command runs: the payload of STARTED. */
export interface CommandStart {
  /** The number of its process on the server. */
  readonly pid: number;
  /** What the audit and `status` call it. */
  readonly commandId: string;
  /** Bytes of input that the client may send before it is given more. */
  readonly credit: number;
}

/** Why nothing was run: the payload of FAILED. */
export interface CommandFailure {
  readonly code: CommandFailureCode;
  readonly message: string;
  /** Milliseconds after which trying again makes sense, where `code` is `BUSY`. */
  readonly retryAfterMs?: number;
}

/**
 * `NOT_FOUND`: no such program (127); `NOT_EXECUTABLE`: it cannot be executed, or its directory not be entered (126); `DENIED`: the
 * policy says no; `BUSY`: too many commands; `BAD_REQUEST`: the request makes no sense; `AUDIT`: the record cannot be written; `FAILED`: the server could not.
 */
export type CommandFailureCode =
  'NOT_FOUND' | 'NOT_EXECUTABLE' | 'DENIED' | 'BUSY' | 'BAD_REQUEST' | 'AUDIT' | 'FAILED';

const killReasons: readonly KillReason[] = [
  'timeout',
  'idle',
  'output-limit',
  'client-signal',
  'client-gone',
  'server-draining',
  'administrator',
];

const failureCodes: readonly CommandFailureCode[] = [
  'NOT_FOUND',
  'NOT_EXECUTABLE',
  'DENIED',
  'BUSY',
  'BAD_REQUEST',
  'AUDIT',
  'FAILED',
];

const anExitCode: FieldRule = (value) =>
  aCount(value) === undefined && (value as number) <= 255 ? undefined : 'a whole number from 0 to 255';

/** Those of real time are told from where the C library begins to count, at 34 of 32 to 64. [signal(7)] */
const aSignal: FieldRule = (value) => {
  const [name, realTime = '0'] =
    typeof value === 'string' ? (/^SIG(?:RTMIN([+-]\d{1,2})|[A-Z][A-Z0-9]{1,9})$/.exec(value) ?? []) : [];
  const isSignal = name !== undefined && Number(realTime) >= -2 && Number(realTime) <= 30;
  return isSignal ? undefined : 'a name such as SIGTERM or SIGRTMIN+3';
};

const endRules: FieldRules = {
  exitCode: optional(anExitCode),
  signal: optional(aSignal),
  killedBy: optional(oneOf(...killReasons)),
  durationMs: aDuration,
  stdoutBytes: aCount,
  stderrBytes: aCount,
  stdinBytes: aCount,
  isTruncated: aBoolean,
};

const startRules: FieldRules = { pid: aCount, commandId: aText, credit: aCount };

const failureRules: FieldRules = {
  code: oneOf(...failureCodes),
  message: aText,
  retryAfterMs: optional(aDuration),
};

/** The payload of EXIT. @throws ProtocolError */
export function decodeEnd(payload: Buffer): CommandEnd {
  const end = readJSON(payload, 'EXIT', endRules) as unknown as CommandEnd;
  if (end.exitCode !== undefined && end.signal !== undefined)
    throw new ProtocolError('EXIT must have exitCode or signal, not both: a process ends by one of them');
  return end;
}

/** The payload of STARTED. @throws ProtocolError */
export function decodeStart(payload: Buffer): CommandStart {
  return readJSON(payload, 'STARTED', startRules) as unknown as CommandStart;
}

/** The payload of FAILED. @throws ProtocolError */
export function decodeFailure(payload: Buffer): CommandFailure {
  return readJSON(payload, 'FAILED', failureRules) as unknown as CommandFailure;
}

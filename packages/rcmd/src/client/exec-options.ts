import { Readable } from 'node:stream';
import type { OpenRequest } from '../protocol/open-request.ts';
import {
  aBoolean,
  aSignal,
  checkOptions,
  oneOf,
  type OptionRule,
  type OptionRules,
  someMilliseconds,
  someText,
} from './option-rules.ts';

/** What a command may be given to read. */
export type Input =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/** Options of a command; names and meanings are those of execa, where it has them. */
export interface ExecOptions {
  /** Where it runs: a path on the server, from the home directory of its user on, which is the default. */
  readonly cwd?: string | undefined;
  /** Variables besides those that the server sets; nothing of this process's own goes there. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What it reads; the rest is dropped once it reads no more. */
  readonly input?: Input | undefined;
  /** A regular file of this machine, by its path or its `file:` URL, whose content it reads: faster than any stream of it. Nothing is run where it cannot be opened. */
  readonly inputFile?: string | URL | undefined;
  /** Whether `.stdin` will be written. Default: `'pipe'` where `.stdin` is used right after the call, else `'ignore'`: an empty input. */
  readonly stdin?: 'pipe' | 'ignore' | undefined;
  /** Milliseconds after which the server ends it, also if this client is gone. Default `Infinity`. */
  readonly timeout?: number | undefined;
  /** Milliseconds without any input or output after which the server ends it. Default `Infinity`. */
  readonly idleTimeout?: number | undefined;
  /** Ends it: `isCanceled` of its error, whose `cause` is the signal's reason. */
  readonly cancelSignal?: AbortSignal | undefined;
  /** The same under the name that the platform has for it. */
  readonly signal?: AbortSignal | undefined;
  /** What ends it first. Default `'SIGTERM'`. */
  readonly killSignal?: NodeJS.Signals | undefined;
  /** Milliseconds from `killSignal` to SIGKILL; `false` or `Infinity` for never. Default 5,000. */
  readonly forceKillAfterDelay?: number | false | undefined;
  /** Bytes of each stream that the result may hold; more ends the command, and the result has the first of them. At most what a string can hold (512 MiB), unless `encoding` is `'buffer'`. Default 100,000,000. */
  readonly maxBuffer?: number | undefined;
  /** Whether the result holds the output. `false` is for streams and iteration, which then hold the command up. Default `true`. */
  readonly buffer?: boolean | undefined;
  /** Whether the result holds lines instead of text. Default `false`. */
  readonly lines?: boolean | undefined;
  /** Whether the result has `all`: both streams, in the order in which the server read them. Default `false`. */
  readonly all?: boolean | undefined;
  /** Whether the newline at the end of the output goes. Default `true`. */
  readonly stripFinalNewline?: boolean | undefined;
  /** `'buffer'` for bytes instead of text. Default `'utf8'`. */
  readonly encoding?: 'utf8' | 'buffer' | undefined;
  /** Whether a command that fails rejects; `false` resolves with the error. Default `true`. */
  readonly reject?: boolean | undefined;
}

const longerThan: OptionRule = {
  must: 'a number of milliseconds from 0 on, or false',
  accepts: (value) => value === false || (typeof value === 'number' && value >= 0),
};

const aSignalName: OptionRule = { must: "a signal's name, such as 'SIGTERM'", accepts: isSignalName };

const rules: OptionRules<ExecOptions> = {
  cwd: someText,
  env: { must: 'an object of text without NUL', accepts: isEnvironment },
  input: { must: 'text, bytes, a stream or something to iterate', accepts: isInput },
  inputFile: { must: 'the path of a file, or a file: URL', accepts: isFile },
  stdin: oneOf('pipe', 'ignore'),
  timeout: someMilliseconds,
  idleTimeout: someMilliseconds,
  cancelSignal: aSignal,
  signal: aSignal,
  killSignal: aSignalName,
  forceKillAfterDelay: longerThan,
  maxBuffer: {
    must: 'a number of bytes from 0 on, Infinity for no limit',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
  buffer: aBoolean,
  lines: aBoolean,
  all: aBoolean,
  stripFinalNewline: aBoolean,
  encoding: oneOf('utf8', 'buffer'),
  reject: aBoolean,
};

/**
 * Checks the options of a command, and copies them.
 *
 * @throws TypeError for an unknown key, a wrong value, and for two that contradict each other.
 */
export function checkExecOptions(given: ExecOptions, action: string): ExecOptions {
  const options = checkOptions(given, rules, action);
  const contradiction = contradictionIn(options);
  if (contradiction !== undefined) throw new TypeError(`${action}: ${contradiction}`);
  return options;
}

/** The part of the options that the server is asked for. */
export function requestOf(options: ExecOptions): Partial<OpenRequest> {
  const { cwd, env, timeout, idleTimeout, killSignal, forceKillAfterDelay: graceMs } = options;
  const isFinite = (ms: number | undefined): ms is number => ms !== undefined && ms !== Infinity;
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: withoutUndefined(env) }),
    ...(isFinite(timeout) ? { timeoutMs: timeout } : {}),
    ...(isFinite(idleTimeout) ? { idleTimeoutMs: idleTimeout } : {}),
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(graceMs === undefined
      ? {}
      : { graceMs: graceMs === false || graceMs === Infinity ? never : graceMs }),
  };
}

/** So many milliseconds that it makes no difference; JSON knows no infinity. */
const never = Number.MAX_SAFE_INTEGER;

/** Whether text names a signal as POSIX does. */
export function isSignalName(value: unknown): value is NodeJS.Signals {
  return typeof value === 'string' && /^SIG[A-Z][A-Z0-9]{1,9}$/.test(value);
}

function contradictionIn({
  lines,
  encoding,
  input,
  inputFile,
  stdin,
  buffer,
  all,
  signal,
  cancelSignal,
}: ExecOptions): string | undefined {
  if (lines === true && encoding === 'buffer') return 'options.lines must be false where encoding is buffer';
  if ([input, inputFile, stdin].filter((given) => given !== undefined).length > 1)
    return 'options must have only one of input, inputFile and stdin';
  if (buffer === false && (lines === true || all === true))
    return `options.${lines === true ? 'lines' : 'all'} must be false where buffer is: the result holds no output`;
  if (signal !== undefined && cancelSignal !== undefined)
    return 'options must have either signal or cancelSignal';
  return undefined;
}

function withoutUndefined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function isEnvironment(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, text]) =>
      name !== '' &&
      !/[=\0]/.test(name) &&
      (text === undefined || (typeof text === 'string' && !text.includes('\0'))),
  );
}

function isFile(value: unknown): boolean {
  return value instanceof URL ? value.protocol === 'file:' : someText.accepts(value);
}

function isInput(value: unknown): boolean {
  if (typeof value === 'string' || value instanceof Uint8Array || value instanceof Readable) return true;
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

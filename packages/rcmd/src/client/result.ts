import type { ExecOptions } from './exec-options.ts';

/** What may have ended a command: the signals that Node has names for, and those of real time. [signal(7)] */
export type EndSignal = NodeJS.Signals | 'SIGRTMIN' | `SIGRTMIN${'+' | '-'}${number}`;

/** How a command ended, and what it wrote. Its fields are those of execa, where that has them. */
export interface CommandResult<Output = string, All = undefined> {
  /** What was run, for people: program and arguments, or the line for the shell. */
  readonly command: string;
  /** The same as a shell would read it. */
  readonly escapedCommand: string;
  /** Where it ran, if that was asked for. */
  readonly cwd: string | undefined;
  /** The server, as it was named. */
  readonly host: string;
  /** The number of its process on the server; `undefined` where nothing was run. */
  readonly pid: number | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Both, in the order in which the server read them; with the option `all`. */
  readonly all: All;
  /** `undefined` where a signal ended it, and where it is not known. */
  readonly exitCode: number | undefined;
  /** Where the server runs without `@socketserver/native`, an end by a signal of real time is told as the exit code 0: Node does not know better. */
  readonly signal: EndSignal | undefined;
  readonly signalDescription: string | undefined;
  /** Whether it did not end by itself with 0. */
  readonly failed: boolean;
  /** Whether `timeout` or `idleTimeout` ended it. */
  readonly timedOut: boolean;
  /** Whether `cancelSignal` ended it. */
  readonly isCanceled: boolean;
  /** Whether it was ended since it wrote more than `maxBuffer`. */
  readonly isMaxBuffer: boolean;
  /** Whether a signal ended it. */
  readonly isTerminated: boolean;
  /** Whether it did not go by `killSignal`, and SIGKILL followed. */
  readonly isForcefullyTerminated: boolean;
  /** Whether the connection was lost; the server ends the command then. */
  readonly isDisconnected: boolean;
  /** Whether the server cut the output off: by a limit of its own, or since a child of the command held a stream open after its end. */
  readonly isTruncated: boolean;
  /** Milliseconds from its start to its end, by the server's clock. */
  readonly durationMs: number;
}

type Given<Options, Key extends keyof ExecOptions, Default> = Key extends keyof Options
  ? undefined extends Options[Key]
    ? Exclude<Options[Key], undefined> | Default
    : Options[Key]
  : Default;

type OutputFor<Buffer, Lines, Encoding> = Buffer extends false
  ? undefined
  : Lines extends true
    ? string[]
    : Encoding extends 'buffer'
      ? Uint8Array
      : string;

/** What `stdout` of a result is, by the options of the command. */
export type OutputOf<Options> = OutputFor<
  Given<Options, 'buffer', true>,
  Given<Options, 'lines', false>,
  Given<Options, 'encoding', 'utf8'>
>;

type AllFor<All, Output> = All extends true ? Output : undefined;

type Rejecting<Reject, Output, All> = Reject extends false
  ? CommandResult<Output, All> | (CommandResult<Output, All> & CommandFault)
  : CommandResult<Output, All>;

/** What a command resolves with, by its options. */
export type ResultOf<Options> = Rejecting<
  Given<Options, 'reject', true>,
  OutputOf<Options>,
  AllFor<Given<Options, 'all', false>, OutputOf<Options>>
>;

/** What an error has besides, which `reject: false` resolves with. */
export interface CommandFault {
  readonly failed: true;
  readonly code: string;
  readonly message: string;
  /** The message without the output. */
  readonly shortMessage: string;
  /** What lies behind it, in its own words. */
  readonly originalMessage: string | undefined;
  readonly cause?: unknown;
}

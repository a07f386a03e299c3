import type { CommandEnd, KillReason } from '../protocol/command-end.ts';
import type { OutputName } from '../protocol/stream-id.ts';

/** What to run, with every decision made. */
export interface CommandSpec {
  readonly commandId: string;
  /** The program, to be found in `env.PATH`, and its arguments. */
  readonly argv: readonly [file: string, ...args: string[]];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether input will come; if not it is empty. */
  readonly stdin: boolean;
  /** Milliseconds; `Infinity` for no limit. */
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxOutputBytes: number;
  readonly killSignal: NodeJS.Signals;
  /** Milliseconds from `killSignal` to SIGKILL. */
  readonly graceMs: number;
  /** Milliseconds that output may go on after the end, while children hold the streams open. */
  readonly outputGraceMs: number;
}

/** A command that runs in a process group of its own. */
export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  /**
   * Takes the next bytes of a stream, as soon as there are any: at most `max`; `undefined` at its end. They are the caller's; where
   * he gives their memory back (`giveFrameMemoryBack()`) it serves again. Nothing is read from the pipe that was not asked for, so
   * a command that nobody reads waits. One read of a stream at a time.
   */
  read(stream: OutputName, max: number): Promise<Uint8Array | undefined>;
  /** Stops reading a stream for good: the command gets SIGPIPE when it writes there. */
  stop(stream: OutputName): void;
  /**
   * Gives it input, a payload as it came; resolves when more may be brought. The bytes are the command's from then on, and their memory
   * serves again. A command that reads no more is no error: the bytes are dropped, and the result is `false`.
   */
  write(bytes: Uint8Array): Promise<boolean>;
  /** The end of its input. */
  endInput(): void;
  /** Sends a signal to its process group. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it, whatever it does: `killSignal` to the group, SIGKILL after the grace, and to descendants that left the group. */
  terminate(reason: KillReason): void;
  /** Ends it and all that is left of it without any grace: SIGKILL. */
  kill(reason: KillReason): void;
  /** Settles when the main process has ended and its output has been read or cut off. Never rejects. */
  readonly ended: Promise<CommandEnd>;
  /** Settles when nothing of it is left, no process of its group either, as far as the platform tells. Never rejects. */
  readonly cleared: Promise<void>;
}

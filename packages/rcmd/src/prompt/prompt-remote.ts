import type { OutputName } from '../protocol/stream-id.ts';

/** How a line ended. */
export interface LineOutcome {
  /** `undefined` where the exchange does not tell. */
  readonly exitCode: number | undefined;
  /** Something that the person should know besides, as one line. */
  readonly note?: string | undefined;
}

/** Takes output, in order; the remote side waits until it resolves with whether more is wanted. */
export type OutputSink = (stream: OutputName, bytes: Uint8Array) => Promise<boolean>;

/** A line that runs. */
export interface PromptCommand {
  /** Rejects with what ended the connection. */
  readonly outcome: Promise<LineOutcome>;
  /** The person wants it to end, for the first, second, third time. */
  interrupt(times: number): void;
}

/** What a prompt runs its lines on: the far side of one connection. */
export interface PromptRemote extends AsyncDisposable {
  /** What a person should know about it, a line each. */
  readonly greeting: readonly string[];
  /** Whether a command may have several lines, as for a shell. */
  readonly takesLines: boolean;
  /** Runs one command; one at a time. */
  run(line: string, sink: OutputSink): PromptCommand;
  /** Resolves with why, when the connection is over. */
  readonly lost: Promise<Error>;
}

import { printableJSON } from '../audit/printable.ts';
import { NotStartedError } from '../link/client-channel.ts';
import { RcmdError } from '../errors.ts';
import type { CommandEnd } from '../protocol/command-end.ts';
import type { OutputName } from '../protocol/stream-id.ts';
import { reasonOf } from '../terminal/reason-of.ts';

/** Bytes of each stream that are kept. */
const maxBytes = 64 * 1_048_576;

/** What `rcmd exec --json` prints: the command, its output as UTF-8, how it ended, or why it did not run. */
export class JSONReport {
  readonly #asked: object;
  readonly #pieces: Record<OutputName, Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #bytes: Record<OutputName, number> = { stdout: 0, stderr: 0 };
  #outcome: object = {};
  #isTruncated = false;

  constructor(
    host: string,
    { argv, shell }: { readonly argv?: readonly string[] | undefined; readonly shell?: string | undefined },
  ) {
    this.#asked = { host, command: argv ?? shell };
  }

  /** Keeps output. @returns whether more is wanted. */
  take(stream: OutputName, bytes: Uint8Array): Promise<boolean> {
    const kept = bytes.subarray(0, maxBytes - this.#bytes[stream]);
    this.#pieces[stream].push(kept);
    this.#bytes[stream] += kept.length;
    if (kept.length < bytes.length) this.#isTruncated = true;
    return Promise.resolve(!this.#isTruncated);
  }

  ended({ exitCode, signal, killedBy, isTruncated, ...end }: CommandEnd): void {
    const durationMs = Math.round(end.durationMs * 1_000) / 1_000;
    this.#outcome = { exitCode, signal, killedBy, durationMs, isTruncated: isTruncated || this.#isTruncated };
  }

  failed(error: unknown): void {
    const code =
      error instanceof NotStartedError
        ? error.failure.code
        : error instanceof RcmdError
          ? error.code
          : (error as NodeJS.ErrnoException).code;
    this.#outcome = { error: { code, message: reasonOf(error) } };
  }

  toString(): string {
    const { stdout, stderr } = this.#pieces;
    const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();
    return printableJSON({ ...this.#asked, ...this.#outcome, stdout: text(stdout), stderr: text(stderr) });
  }
}

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { OutputWatch } from './output-watch.ts';

/** How a program ended. */
export interface ProgramEnd {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under test, in a session of its own, so that it finds no terminal; disposing it kills it. */
export class Program implements AsyncDisposable {
  readonly stdout: OutputWatch;
  readonly stderr: OutputWatch;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [file, ...args] = command;
    this.#child = spawn(file!, args, { env, detached: true });
    this.#closed = once(this.#child, 'close');
    this.stdout = new OutputWatch(this.#child.stdout);
    this.stderr = new OutputWatch(this.#child.stderr);
    this.#child.stdin.on('error', () => this.#child.stdin.destroy()); // it may end without reading all
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Gives it input: what a person types, where it runs in a terminal. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Gives it the rest of its input, and waits for its end. */
  finish(input: string | Uint8Array = ''): Promise<ProgramEnd> {
    this.#child.stdin.end(input);
    return this.ended();
  }

  async ended(): Promise<ProgramEnd> {
    await this.#closed;
    return { code: this.#child.exitCode, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy();
    await this.#closed;
  }
}

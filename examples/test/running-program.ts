import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TextWatch } from './text-watch.ts';

/** A program that a failing test waits for in vain is killed after this time, and the test learns of it. */
const lifetimeMs = 200_000;

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under test; disposing it kills it. */
export class RunningProgram implements AsyncDisposable {
  readonly stdout: TextWatch;
  readonly stderr: TextWatch;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown[]>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const [file, ...args] = command;
    this.#child = spawn(file!, args, {
      env: { ...process.env, ...env },
      cwd: root,
      timeout: lifetimeMs,
      killSignal: 'SIGKILL',
    });
    this.#closed = once(this.#child, 'close');
    this.stdout = new TextWatch(this.#child.stdout);
    this.stderr = new TextWatch(this.#child.stderr);
    this.#child.stdin.on('error', () => this.#child.stdin.destroy()); // the program may end without reading all
  }

  /** Runs an example, by its path under `examples/`. */
  static example(path: string, args: readonly (string | number)[] = [], env?: NodeJS.ProcessEnv) {
    return new RunningProgram([process.execPath, `examples/${path}`, ...args.map(String)], env);
  }

  /** Runs a Python peer, by its path under `examples/test/peers/`. */
  static peer(path: string, args: readonly (string | number)[] = []) {
    return new RunningProgram(['python3', '-u', `examples/test/peers/${path}`, ...args.map(String)]);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Writes the rest of the input and waits for the end of the program. */
  async finish(input = ''): Promise<ProgramEnd> {
    this.#child.stdin.end(input);
    return this.ended();
  }

  async ended(): Promise<ProgramEnd> {
    await this.#closed;
    return { code: this.#child.exitCode, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    // Processes that it left behind may hold these.
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy();
    await this.#closed;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

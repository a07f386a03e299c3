import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningProgram } from './running-program.ts';

/**
 * A named pipe that a command holds open for writing. What comes out of it shows that the command runs; its end
 * shows that the command and everything it started are gone, since all of them hold it.
 */
export class WatchedPipe implements AsyncDisposable {
  readonly #directory: string;
  readonly #path: string;
  readonly #reader: RunningProgram;

  private constructor(directory: string, path: string) {
    this.#directory = directory;
    this.#path = path;
    this.#reader = new RunningProgram(['cat', path]);
  }

  static async create(): Promise<WatchedPipe> {
    const directory = await mkdtemp(join(tmpdir(), 'watched-pipe-'));
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    return new WatchedPipe(directory, path);
  }

  /** Makes a shell line that holds the pipe while it runs. */
  hold(line: string): string {
    return `exec 3>'${this.#path}'; echo running >&3; ${line}`;
  }

  async running(): Promise<void> {
    await this.#reader.stdout.waitFor(/running\n/);
  }

  async released(): Promise<void> {
    assert.equal((await this.#reader.ended()).code, 0, 'some process still holds the pipe');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }
}

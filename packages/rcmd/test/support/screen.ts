import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Machine } from './machine.ts';

const run = promisify(execFile);

/** A window that a person has `rcmd` in, by tmux: what is seen is what a terminal makes of all that was written. */
export class Screen implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #signal: AbortSignal;

  private constructor(machine: Machine, signal: AbortSignal) {
    this.#machine = machine;
    this.#signal = signal;
  }

  /**
   * Opens a window of 60 columns and 16 rows with `rcmd` in it.
   *
   * @param signal - its test's, which ends whatever is waited for.
   */
  static async open(machine: Machine, signal: AbortSignal): Promise<Screen> {
    // What a window clears from its first row on would come back when it grows.
    writeFileSync(machine.file('tmux.conf'), 'set -g history-limit 0\n');
    const screen = new Screen(machine, signal);
    await screen.#tmux('new-session', '-d', '-x', '60', '-y', '16', `exec ${machine.commandLine}`);
    return screen;
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** Presses keys, by tmux's names of them. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', '--', ...keys);
  }

  /** Gives the window another size, and waits until what runs in it has been told, which tmux puts off for a while. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
    const tty = (await this.#tmux('display-message', '-p', '#{pane_tty}')).trim();
    const sizeOf = async (): Promise<string> => (await run('stty', ['-F', tty, 'size'])).stdout.trim();
    while ((await sizeOf()) !== `${rows} ${columns}`) this.#signal.throwIfAborted();
  }

  /** The rows from the first to the last that has something in it, and where the cursor is. */
  async look(): Promise<string> {
    const rows = await this.#tmux('capture-pane', '-p');
    const cursor = await this.#tmux('display-message', '-p', '#{cursor_x},#{cursor_y}');
    return `${rows.trimEnd()}\n@${cursor.trim()}`;
  }

  /** Waits until all of the screen is as expected. @throws Error with what it shows, when the test has no more time. */
  async shows(expected: RegExp): Promise<void> {
    for (let seen = await this.look(); !expected.test(seen); seen = await this.look()) {
      if (this.#signal.aborted) throw new Error(`No ${expected.source} in ${JSON.stringify(seen)}`);
    }
  }

  async #tmux(...words: readonly string[]): Promise<string> {
    const machine = this.#machine;
    const server = ['-f', machine.file('tmux.conf'), '-S', machine.file('tmux')];
    const { stdout } = await run('tmux', [...server, ...words], {
      env: { ...machine.env, SHELL: '/bin/sh' },
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server');
  }
}

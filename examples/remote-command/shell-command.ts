import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { SpooledOutput } from './spooled-output.ts';

const isWindows = process.platform === 'win32';

/** Commands that would outlive this process. */
const running = new Set<ShellCommand>();
process.on('exit', () => {
  for (const command of running) command.kill();
});

type Shell = ChildProcessByStdio<null, Readable, null>;

/**
 * One command line, run by the shell: `/bin/sh -c`, on Windows `cmd.exe`. Its standard input is empty. Its
 * standard error is the one of this program, as the classic exercise leaves it: clients get standard output only.
 *
 * It leads a process group of its own, so that everything it started ends with it (but for what moved into a
 * session of its own, as daemons do). Disposing it ends it and frees its output; the end of this process ends it too,
 * unless a signal kills this process.
 */
export class ShellCommand implements AsyncDisposable {
  readonly #child: Shell;
  readonly #output = new SpooledOutput();
  #state: 'running' | 'ended' | 'killed' = 'running';

  private constructor(child: Shell) {
    this.#child = child;
    running.add(this);
    child.once('close', () => {
      running.delete(this);
      if (this.#state === 'running') this.#state = 'ended';
    });
  }

  /** Starts `line`. @throws the system's error when there is no process to be had. */
  static async start(line: string): Promise<ShellCommand> {
    const child = spawn(line, {
      shell: true,
      detached: !isWindows,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child, 'spawn');
    return new ShellCommand(child);
  }

  get state(): 'running' | 'ended' | 'killed' {
    return this.#state;
  }

  /**
   * Collects the output until the command has ended and nobody holds its standard output any more. Called once.
   *
   * @returns all of it, or what there was when it was killed; valid until this command is disposed.
   */
  async collectOutput(): Promise<SpooledOutput> {
    const closed = this.#state === 'running' ? once(this.#child, 'close') : undefined;
    const pieces: AsyncIterable<Buffer> = this.#child.stdout;
    try {
      for await (const bytes of pieces) await this.#output.write(bytes);
      await closed;
    } catch (error) {
      if (this.#state !== 'killed') throw error;
    }
    return this.#output;
  }

  /** Ends the command and everything it started, unless it has ended. */
  kill(): void {
    if (this.#state !== 'running') return;
    this.#state = 'killed';
    killTree(this.#child.pid!);
    this.#child.stdout.destroy(); // a process that left the group may still hold the other end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#output[Symbol.asyncDispose]();
  }
}

function killTree(pid: number): void {
  if (isWindows) {
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' }).once('error', console.error);
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The last process of the group may end between our look and our signal. [kill(2)]
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

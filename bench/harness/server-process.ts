import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { readTreeUsage, type TreeUsage } from './process-tree.ts';

const START_DEADLINE_MS = 15_000;
const MOST_ERROR_LINES = 100;
const SETPRIV = '/usr/bin/setpriv';

/** A server could not be started: the peer is not installed, or does not have what was asked for. */
export class ServerUnavailableError extends Error {}

export interface ServerStart {
  readonly command: readonly string[];
  /**
   * `announces`: it prints `listening <port or path>` when it serves. A number: it listens on that port, and is
   * ready when a connection is accepted.
   */
  readonly ready: 'announces' | number;
}

const running = new Set<ServerProcess>();
process.on('exit', () => {
  for (const server of running) server.kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** One server that is measured, in a process group of its own, so that its children end with it. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #errorLines: string[] = [];
  /** Where it listens: a port, or a path. */
  address: string = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    const stderr = child.stderr;
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', (line) => {
        if (this.#errorLines.length < MOST_ERROR_LINES) this.#errorLines.push(line.trim());
      });
    }
    running.add(this);
  }

  /** Resolves when the server is ready. @throws {ServerUnavailableError} when it is not within 15 s. */
  static async start({ command, ready }: ServerStart): Promise<ServerProcess> {
    const [program = '', ...args] = dyingWithUs(command);
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ServerProcess(child);
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    const gone = server.#exited.then(() => false as const);
    const up = ready === 'announces' ? server.#readAnnouncement(deadline) : server.#answers(ready, deadline);
    if (!(await Promise.race([up, gone]))) {
      await server[Symbol.asyncDispose]();
      const reason = deadline.aborted ? `not ready within ${START_DEADLINE_MS / 1000} s` : 'ended at once';
      throw new ServerUnavailableError(server.#complaint ?? reason);
    }
    child.stdout?.resume();
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  usage(): TreeUsage {
    return readTreeUsage(this.pid);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(): void {
    running.delete(this);
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
      if (!isGone) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#exited;
  }

  /** The line of its error output that says what is wrong: both Node and Python print more around it. */
  get #complaint(): string | undefined {
    return this.#errorLines.find((line) => /^\w*(Error|Exit)\b/.test(line)) ?? this.#errorLines.find(Boolean);
  }

  #readAnnouncement(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(false));
      if (this.#child.stdout === null) return;
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const [, address] = /^listening (.+)$/.exec(line) ?? [];
        if (address === undefined) return;
        this.address = address;
        resolve(true);
      });
    });
  }

  async #answers(port: number, signal: AbortSignal): Promise<boolean> {
    this.address = String(port);
    while (!signal.aborted && !this.hasExited) {
      if (await canConnect(port)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }
}

/** Has the kernel end the server with this process, should this one be killed without a chance to clean up. */
function dyingWithUs(command: readonly string[]): readonly string[] {
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', ...command] : command;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A program that the example starts; disposing it ends it. */
export class ChildProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #ended: Promise<never>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const [file, ...args] = command;
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    this.#child = spawn(file!, args, { env: { ...process.env, ...env }, stdio: [...stdio] });
    this.#exited = once(this.#child, 'exit');
    this.#ended = this.#exited.then(() => {
      throw new Error(`${this.#child.spawnargs.join(' ')} has ended`);
    });
    this.#ended.catch(() => undefined); // whoever waits for it learns of it
  }

  /** Resolves at its first output. @throws what kept it from being started, or that it ended. */
  async started(): Promise<void> {
    await this.whileItRuns(once(this.#child.stdout!, 'data'));
  }

  /** Waits for something that can only come while it runs. @throws as {@link started}. */
  whileItRuns<Result>(wait: Promise<Result>): Promise<Result> {
    return Promise.race([wait, this.#ended]);
  }

  /** Asks it to end, and waits until it has. @throws Error where it did not end in good order. */
  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
    const { exitCode, signalCode, spawnargs } = this.#child;
    if (exitCode !== 0) throw new Error(`${spawnargs.join(' ')} ended with ${signalCode ?? exitCode}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited.catch(() => undefined); // it could not be started
  }
}

/**
 * Ports that nobody listens on now. They are below those that systems hand out by themselves, so that no other program is
 * given one of them while a server restarts. [ip(7): ip_local_port_range]
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    await once(server.close(), 'close');
    return true;
  } catch {
    return false;
  }
}

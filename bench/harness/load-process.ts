import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a load program reports of its measured phase. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
  readonly bytes: number;
  readonly latencyMicros: { readonly p50: number; readonly p99: number; readonly p999: number };
}

/** Clients of one server, in a process of their own; the phases are told apart so that the CPU can be read between. */
export interface Load extends AsyncDisposable {
  /** Resolves when all is connected and warmed up. */
  ready(): Promise<void>;
  /** Runs the measured phase. Connections stay open after it, until disposed. */
  run(): Promise<LoadResult>;
}

/** A load program that speaks in steps: `ready`, a line from us, its result, the end of stdin. */
export class SteppedLoad implements Load {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  readonly #deadline: NodeJS.Timeout;
  #error = '';

  constructor(command: readonly string[], deadlineSeconds: number) {
    const [program = '', ...args] = command;
    const child = spawn(program, [...args, '--steps'], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#error += text));
    child.stdin.on('error', () => child.kill('SIGKILL'));
    this.#exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#deadline = setTimeout(() => child.kill('SIGKILL'), deadlineSeconds * 1000);
    this.#child = child;
  }

  async ready(): Promise<void> {
    await this.#nextLine();
  }

  async run(): Promise<LoadResult> {
    this.#child.stdin?.write('\n');
    const result: LoadResult = JSON.parse(await this.#nextLine());
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end('\n');
    await this.#exited;
    clearTimeout(this.#deadline);
  }

  async #nextLine(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done !== true) return value;
    await this.#exited;
    throw new Error(this.#error.trim() || 'the load program was stopped at its deadline');
  }
}

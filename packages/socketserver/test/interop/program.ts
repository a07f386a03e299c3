import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A program's name and its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]];

/** How a program ended. */
export interface ProgramEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The options of a test or suite that runs other people's programs: where one of them is missing it is skipped, and
 * says so.
 *
 * @throws Error instead where `CI` is set, since a run that tests nothing must not be green.
 */
export function needs(...programs: readonly string[]): { readonly skip: string | false } {
  const absent = programs.filter((program) => !isInstalled(program));
  return absent.length === 0 ? { skip: false } : missing(absent);
}

/** The system's own Python, which has the modules that the system's packages bring. */
export const systemPython = '/usr/bin/python3';

/** As {@link needs}, for a module of {@link systemPython}. */
export function needsModule(module: string): { readonly skip: string | false } {
  const { status } = spawnSync(systemPython, ['-c', `import ${module}`]);
  return status === 0 ? { skip: false } : missing([`${module} for ${systemPython}`]);
}

function missing(names: readonly string[]): { readonly skip: string } {
  const reason = `not installed: ${names.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`Cannot run the interop tests: ${reason}`);
  return { skip: reason };
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The path of a Python program in `peers/`. */
export function peer(name: string): string {
  return join(import.meta.dirname, 'peers', name);
}

/** Runs a program to its end. */
export async function run(command: Command, { input = '' } = {}): Promise<ProgramEnd> {
  await using program = new Program(command);
  program.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)]);
  return { status: await program.status, stdout, stderr };
}

/** A program that runs; disposing it ends it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it exits with; `null` when a signal ended it. */
  readonly status: Promise<number | null>;

  constructor([name, ...args]: Command) {
    this.#child = spawn(name, args.map(String));
    this.#child.stdin.on('error', () => this.#child.stdin.destroy()); // it may end without reading all
    this.status = once(this.#child, 'close').then(([status]) => status as number | null);
  }

  /** Starts one of the examples, by its name. */
  static example(name: string, ...args: readonly (string | number)[]): Program {
    const path = fileURLToPath(new URL(`../../../../examples/${name}`, import.meta.url));
    return new Program([process.execPath, path, ...args]);
  }

  get stdin(): Writable {
    return this.#child.stdin;
  }

  get stdout(): Readable {
    return this.#child.stdout;
  }

  get stderr(): Readable {
    return this.#child.stderr;
  }

  /** Waits for the first line of output, and finds the port in it, its last number. */
  async port(): Promise<number> {
    this.stderr.pipe(process.stderr);
    for await (const line of createInterface({ input: this.stdout })) {
      const [, digits] = /(\d+)\D*$/.exec(line) ?? [];
      if (digits !== undefined) return Number(digits);
    }
    throw new Error(`${this.#child.spawnargs.join(' ')} named no port`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.status;
  }
}

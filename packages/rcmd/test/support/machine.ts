import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './commands.ts';
import { Program, type ProgramEnd } from './program.ts';

const main = fileURLToPath(new URL('../../src/cli/main.cts', import.meta.url));

/** Makes a terminal of 80 columns, and runs a program in it: what is piped in is typed there, what it shows is piped out. */
const inTerminal = [
  'python3',
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
  'sh',
  '-c',
  'stty rows 24 cols 80; exec "$@"',
  'sh',
];

/** How a program is started. */
export interface ProgramStart {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
}

/** A user with a home of their own, where nothing is set up yet. */
export class Machine implements Disposable {
  readonly home: string;
  readonly #folder = temporaryFolder();
  readonly #within: readonly string[];

  /** @param within - a program that runs others, such as `ip netns exec NAME`. */
  constructor(within: readonly string[] = []) {
    this.#within = within;
    this.home = this.#folder.path;
    mkdirSync(join(this.home, 'run'), { mode: 0o700 });
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.home,
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      XDG_RUNTIME_DIR: join(this.home, 'run'),
      // What was compiled once serves all tests.
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? this.home, '.cache'),
    };
  }

  /** How a shell starts `rcmd`. */
  get commandLine(): string {
    return `'${process.execPath}' '${main}'`;
  }

  /** The path of a file in the home. */
  file(...names: readonly string[]): string {
    return join(this.home, ...names);
  }

  /** Starts `rcmd`. */
  rcmd(args: readonly string[], { env }: ProgramStart = {}): Program {
    return new Program([...this.#within, process.execPath, main, ...args], { ...this.env, ...env });
  }

  /** Starts `rcmd` in a terminal. */
  terminal(args: readonly string[], { env }: ProgramStart = {}): Program {
    return new Program([...this.#within, ...inTerminal, process.execPath, main, ...args], {
      ...this.env,
      ...env,
    });
  }

  /** Starts another program in a terminal. */
  shellTerminal(command: readonly string[], { env }: ProgramStart = {}): Program {
    return new Program([...this.#within, ...inTerminal, ...command], { ...this.env, ...env });
  }

  /** Runs `rcmd` to its end. */
  async run(args: readonly string[], start: ProgramStart = {}): Promise<ProgramEnd> {
    await using program = this.rcmd(args, start);
    return await program.finish(start.input);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

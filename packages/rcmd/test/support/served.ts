import { Machine } from './machine.ts';
import type { Program, ProgramEnd } from './program.ts';

/** `rcmd serve` on a Unix socket of a user's, and that user. */
export class Served implements AsyncDisposable {
  readonly machine: Machine;
  readonly server: Program;
  /** What `rcmd exec` calls it. */
  readonly host: string;

  private constructor(machine: Machine, server: Program, host: string) {
    this.machine = machine;
    this.server = server;
    this.host = host;
  }

  /** @param args - of `rcmd serve`, instead of a Unix socket to listen on. */
  static async start(args?: readonly string[]): Promise<Served> {
    const machine = new Machine();
    const server = machine.rcmd(['serve', ...(args ?? ['--listen', `unix:${machine.file('run/s.sock')}`])]);
    const [, host] = await server.stdout.until(/^listening on (.+)\n/m);
    return new Served(machine, server, host!);
  }

  /** Runs `rcmd exec` with the words that follow HOST. */
  exec(words: readonly string[], options: ExecStart = {}): Promise<ProgramEnd> {
    const { env, input, options: before = [] } = options;
    return this.machine.run(['exec', ...before, this.host, ...words], {
      ...(env === undefined ? {} : { env }),
      ...(input === undefined ? {} : { input }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.kill('SIGTERM');
    await this.server.ended();
    await this.server[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
  }
}

/** How {@link Served.exec} starts it. */
export interface ExecStart {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** Options of `rcmd exec`. */
  readonly options?: readonly string[];
}

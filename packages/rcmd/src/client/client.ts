import type { ClientLink } from '../link/client-link.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { argvRequest, type CommandRequest, shellRequest } from './command-request.ts';
import type { ExecOptions } from './exec-options.ts';
import { RemoteProcess } from './remote-process.ts';
import { ShellSession } from './shell-session.ts';
import { argumentTag, type ArgumentTag, shellTag, type ShellTag } from './tags.ts';

/**
 * A connection to a server, over which any number of commands may run at once.
 *
 * You call everything here; `connect()` makes it. Closing it, also by `await using`, ends the commands that still run.
 */
export class Client implements AsyncDisposable {
  /** The server as it was named, in the one way to write that: `lab1:8888`. */
  readonly target: string;
  /**
   * Runs a program with the arguments that a template writes, which no shell sees: `` client.$`ls -l ${folder}` ``. With options it gives a tag that has them:
   * `` client.$({ cwd: '/' })`ls` ``.
   */
  readonly $: ArgumentTag;
  /**
   * Runs a line in a POSIX shell. As a tag it quotes the values: `` client.sh`grep ${word} *.txt | sort` ``; called with a string it takes that as it is.
   */
  readonly sh: ShellTag;
  readonly #link: ClientLink;

  /** Made by `connect()`. */
  constructor(link: ClientLink, target: string) {
    this.#link = link;
    this.target = target;
    this.$ = argumentTag((argv, options) => this.#start(argvRequest(argv, options, target)));
    this.sh = shellTag((line, options) =>
      this.#start(shellRequest(line, options, { host: target, session: undefined })),
    );
  }

  /** The name and version of the server's software. */
  get server(): string {
    return this.#link.peer?.software ?? '';
  }

  /** Why the connection is over, if it is. */
  get failure(): Error | undefined {
    return this.#link.failure;
  }

  /** Resolves when the connection is over, with why: mostly a `ConnectionLostError`. */
  get closed(): Promise<Error> {
    return this.#link.whenEnded;
  }

  /**
   * Runs a program with its arguments as they are; no shell sees them.
   *
   * @param file - a path on the server, or a name that is looked for in its `PATH`.
   * @throws TypeError for wrong arguments and options, RangeError for more than 64 KiB of them; everything else rejects.
   *
   * @example
   * const { stdout } = await client.exec('git', ['log', '-1'], { cwd: '/srv/app', timeout: 10_000 });
   */
  exec<const Options extends ExecOptions = object>(
    file: string,
    args: readonly string[],
    options?: Options,
  ): RemoteProcess<Options>;
  exec<const Options extends ExecOptions = object>(file: string, options?: Options): RemoteProcess<Options>;
  exec(
    file: string,
    args: readonly string[] | ExecOptions = {},
    options: ExecOptions = {},
  ): RemoteProcess<ExecOptions> {
    const request = Array.isArray(args)
      ? argvRequest([file, ...(args as readonly string[])], options, this.target)
      : argvRequest([file], args as ExecOptions, this.target);
    return this.#start(request);
  }

  /**
   * A shell whose working directory and variables last from one line to the next, on this connection.
   *
   * @param name - sessions of one name are one. Default: a new one.
   */
  session(name: string = crypto.randomUUID()): ShellSession {
    return new ShellSession(name, (line, options) =>
      this.#start(shellRequest(line, options, { host: this.target, session: name })),
    );
  }

  /** Asks the server about itself, and the commands that run there. @throws what ended the connection. */
  status(): Promise<ServerStatus> {
    return this.#link.status();
  }

  /** Milliseconds that a message takes to the server and back. @throws what ended the connection. */
  async ping(): Promise<number> {
    const begun = performance.now();
    await this.#link.ping();
    if (this.#link.failure !== undefined) throw this.#link.failure;
    return performance.now() - begun;
  }

  /** Ends the connection, and the commands that still run. Resolves when it is over. */
  async close(): Promise<void> {
    this.#link.close();
    await this.#link.whenEnded;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start<Options>(request: CommandRequest): RemoteProcess<Options> {
    return new RemoteProcess<Options>(this.#link.newChannel(), request);
  }
}

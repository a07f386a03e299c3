import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RcmdError } from '../errors.ts';
import type { ClientChannel } from '../link/client-channel.ts';
import type { CommandEnd, CommandStart } from '../protocol/command-end.ts';
import { CollectedOutput, maxBufferOf } from './collected-output.ts';
import { CommandError } from './command-error.ts';
import { CommandKill } from './command-kill.ts';
import { failingOf, isLost, type OwnReason } from './command-outcome.ts';
import { CommandOutput, type OutputStreamName } from './command-output.ts';
import type { CommandRequest } from './command-request.ts';
import { commandResult } from './command-result.ts';
import { isSignalName } from './exec-options.ts';
import { feedCommand, hasInput } from './feed-input.ts';
import { InputFile } from './input-file.ts';
import { InputStream } from './input-stream.ts';
import { linesOf } from './lines.ts';
import { show } from './option-rules.ts';
import type { ResultOf } from './result.ts';

/**
 * A command on a server: a promise of its `CommandResult`, with its streams.
 *
 * The promise settles whether or not anybody touches the streams. It rejects with a {@link CommandError} where the command fails;
 * that nobody handles this counts only where nobody watches the command in another way (a stream, an iteration, `buffer: false`).
 *
 * You call everything here; `exec()`, `$` and `sh` of a `Client` make it.
 */
export class RemoteProcess<Options = object> implements Promise<ResultOf<Options>>, AsyncDisposable {
  readonly [Symbol.toStringTag] = 'RemoteProcess';
  readonly #request: CommandRequest;
  readonly #channel: ClientChannel;
  readonly #kill: CommandKill;
  readonly #output: CommandOutput;
  readonly #collected: CollectedOutput | undefined;
  readonly #result = Promise.withResolvers<ResultOf<Options>>();
  readonly #begun = performance.now();
  #stdin: InputStream | undefined;
  #start: CommandStart | undefined;
  #reason: OwnReason | undefined;
  #isOpen = false;
  #isOver = false;
  #isWatched = false;

  /** Made by a `Client`, which has opened `channel` for it. */
  constructor(channel: ClientChannel, request: CommandRequest) {
    const { buffer = true, all = false } = request.options;
    const maxBuffer = maxBufferOf(request.options);
    this.#channel = channel;
    this.#request = { ...request, options: { ...request.options, maxBuffer } };
    this.#kill = new CommandKill(channel, request.options);
    this.#collected = buffer ? new CollectedOutput({ maxBytes: maxBuffer, keepsOrder: all }) : undefined;
    this.#isWatched = !buffer;
    this.#output = new CommandOutput(channel, {
      collected: this.#collected,
      overflow: () => this.#end({ kind: 'max-buffer' }),
    });
    this.#result.promise.catch(() => {}); // who asks for it, or does not, is decided when it is there
    void this.#run();
  }

  /** Resolves when the command runs; rejects where it cannot, as the promise itself does. */
  get started(): Promise<void> {
    this.#isWatched = true;
    return this.#whenStarted();
  }

  /** The number of its process on the server, once it has {@link started}. */
  get pid(): number | undefined {
    return this.#start?.pid;
  }

  /**
   * The command's input. Use it right after the call, or ask for it with the option `stdin: 'pipe'`; its end is yours to tell, with `end()`.
   *
   * @throws TypeError where the command was given another input.
   */
  get stdin(): Writable {
    const { stdin } = this.#request.options;
    if (this.#stdin === undefined) {
      if (hasInput(this.#request.options) || stdin === 'ignore' || (this.#isOpen && stdin !== 'pipe')) {
        throw new TypeError(
          'Cannot use stdin: the command was started with another input; use it right after the call, or give the option stdin: "pipe"',
        );
      }
      this.#stdin = new InputStream(this.#channel.stdin);
    }
    return this.#stdin;
  }

  /**
   * What the command writes, as bytes. With `buffer: false` a reader that is slow holds the command up; closing the stream stops the
   * command from writing there (as `head` does). Take it before the command has {@link started}: what nobody takes is thrown away.
   */
  get stdout(): Readable {
    return this.#stream('stdout');
  }

  get stderr(): Readable {
    return this.#stream('stderr');
  }

  /** Both, in the order in which the server read them. */
  get all(): Readable {
    return this.#stream('all');
  }

  /**
   * Sends a signal to the command and its children; also after the end of its input. After `killSignal` (the default) comes SIGKILL, if the command still runs
   * when `forceKillAfterDelay` is over.
   *
   * @returns whether it still ran, as far as is known here.
   * @throws TypeError for what is no signal's name.
   */
  kill(signal: NodeJS.Signals = this.#kill.signal): boolean {
    if (!isSignalName(signal)) {
      throw new TypeError(
        `Cannot kill: signal must be a signal's name, such as 'SIGTERM', got ${show(signal)}`,
      );
    }
    if (this.#isOver) return false;
    this.#kill.send(signal);
    return true;
  }

  /** Lines without their ends, of stdout, stderr or both; ends by throwing as the promise does. Leaving the loop closes the stream. */
  iterable({ from = 'stdout' }: { readonly from?: OutputStreamName } = {}): AsyncIterableIterator<string> {
    return linesOf(this.#stream(from), () => this.#outcome());
  }

  /** The lines of stdout. @see {@link iterable} */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.iterable();
  }

  // eslint-disable-next-line unicorn/no-thenable
  then<Fulfilled = ResultOf<Options>, Rejected = never>(
    fulfilled?: ((result: ResultOf<Options>) => Fulfilled | PromiseLike<Fulfilled>) | null,
    rejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#outcome().then(fulfilled, rejected);
  }

  catch<Rejected = never>(
    rejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<ResultOf<Options> | Rejected> {
    return this.#outcome().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<ResultOf<Options>> {
    return this.#outcome().finally(settled);
  }

  /** Ends the command if it still runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isWatched = true;
    this.#end({ kind: 'disposed' });
    await this.#result.promise.catch(() => {});
  }

  #outcome(): Promise<ResultOf<Options>> {
    this.#isWatched = true;
    return this.#result.promise;
  }

  async #whenStarted(): Promise<void> {
    try {
      await this.#channel.started;
    } catch {
      throw await this.#result.promise; // which says more; `reject: false` resolves with it
    }
  }

  #stream(name: OutputStreamName): Readable {
    this.#isWatched = true;
    return this.#output.stream(name);
  }

  /** Follows the command to its end. Never rejects. */
  async #run(): Promise<void> {
    const { cancelSignal, signal = cancelSignal } = this.#request.options;
    const cancel = (): void => this.#end({ kind: 'canceled', cause: signal?.reason });
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    await undefined; // until the caller had his turn, and perhaps took stdin
    const { inputFile } = this.#request.options;
    const file = inputFile === undefined ? undefined : await this.#openFile(inputFile);
    const isRun = this.#open(file);
    if (!isRun) await file?.[Symbol.asyncDispose]();
    const { end, failure } = isRun ? await this.#follow() : {};
    signal?.removeEventListener('abort', cancel);
    this.#kill.over();
    this.#isOver = true;
    if (isLost(failure) && this.#reason === undefined) this.#output.fail(failure as Error);
    else this.#output.end();
    this.#settle(end, failure);
  }

  async #follow(): Promise<{ readonly end?: CommandEnd; readonly failure?: unknown }> {
    try {
      this.#start = await this.#channel.started;
      setImmediate(() => this.#output.flow()); // whoever waited for the start may take streams first
      return { end: await this.#channel.ended };
    } catch (failure) {
      return { failure };
    }
  }

  /** Before the command runs, which may empty what it writes to before it reads. */
  async #openFile(path: string | URL): Promise<InputFile | undefined> {
    try {
      return await InputFile.open(path);
    } catch (cause) {
      this.#end({ kind: 'no-input', cause });
      return undefined;
    }
  }

  /** @returns whether there is anything to open: nothing is run that was ended right away, or has no input. */
  #open(file: InputFile | undefined): boolean {
    this.#isOpen = true;
    if (this.#reason !== undefined) {
      this.#channel.withdraw(new RcmdError('NOT_STARTED', 'Nothing was run: it was ended before'));
      return false;
    }
    const { options, request } = this.#request;
    const { stdin } = this.#channel;
    const isFed = hasInput(options);
    this.#channel.open({
      ...request,
      stdin: isFed || options.stdin === 'pipe' || this.#stdin !== undefined,
    });
    const feeding = file?.feed(stdin) ?? (isFed ? feedCommand(options.input ?? '', stdin) : undefined);
    feeding?.catch((cause: unknown) => this.#end({ kind: 'input', cause }));
    return true;
  }

  /** Has the server end the command. The first reason counts. */
  #end(reason: OwnReason): void {
    if (this.#isOver || this.#reason !== undefined) return;
    this.#reason = reason;
    if (this.#isOpen) this.#channel.abandon();
  }

  #settle(end: CommandEnd | undefined, failure: unknown): void {
    const { options } = this.#request;
    const failing = failingOf({ end, failure, reason: this.#reason, options });
    const result = commandResult(this.#request, {
      pid: this.pid,
      end,
      failure,
      reason: this.#reason,
      isForced: this.#kill.isForced,
      durationMs: performance.now() - this.#begun,
      collected: this.#collected,
    });
    if (failing === undefined) {
      this.#result.resolve(result as ResultOf<Options>);
      return;
    }
    const error = new CommandError(failing, result);
    if (options.reject === false) {
      this.#result.resolve(error as unknown as ResultOf<Options>);
      return;
    }
    this.#result.reject(error);
    void this.#missHandler(error);
  }

  /** As with any promise, an error that nobody asks for does not go unnoticed. */
  async #missHandler(error: Error): Promise<void> {
    await nextTurn();
    if (!this.#isWatched) throw error;
  }
}

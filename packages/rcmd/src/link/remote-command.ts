import { RcmdError } from '../errors.ts';
import type { ClientLink } from './client-link.ts';
import type { IncomingStream } from './incoming-stream.ts';
import type { CommandEnd, CommandStart } from '../protocol/command-end.ts';
import type { OpenAsk } from '../protocol/open-request.ts';
import type { OutputName } from '../protocol/stream-id.ts';

/** What a command is run with, on our side. */
export interface CommandPlumbing {
  /** Takes output. Resolves with whether more is wanted; until then the server waits. */
  readonly output: (stream: OutputName, bytes: Uint8Array) => Promise<boolean>;
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  readonly started?: ((start: CommandStart) => void) | undefined;
}

/** A command on the far side of a link, whose bytes go through as they are. */
export class RemoteCommand {
  /** How it ended, once its output was taken. Rejects with a `NotStartedError`, with what ended the connection, and with `INPUT` where its input failed, which ends it. */
  readonly ended: Promise<CommandEnd>;
  readonly #channel;

  /** @throws what ended the connection. */
  constructor(link: ClientLink, request: OpenAsk, plumbing: CommandPlumbing) {
    this.#channel = link.newChannel();
    this.#channel.open({ ...request, stdin: plumbing.input !== undefined });
    this.ended = this.#run(plumbing);
  }

  /** Sends a signal, as soon as the command runs: the server would pass over what comes before. */
  signal(signal: NodeJS.Signals): void {
    this.#channel.started.then(
      () => this.#channel.signal(signal),
      () => {}, // `ended` tells it
    );
  }

  async #run({ output, input, started }: CommandPlumbing): Promise<CommandEnd> {
    const channel = this.#channel;
    const start = await channel.started;
    started?.(start);
    let fault: RcmdError | undefined;
    const end = (error: unknown): void => {
      const why = error instanceof Error ? error.message : String(error);
      fault = new RcmdError('INPUT', `Its input cannot be read: ${why}`, { cause: error });
      channel.abandon();
    };
    if (input !== undefined) this.#sendInput(input).catch(end);
    await Promise.all([
      takeAll(channel.stdout, (bytes) => output('stdout', bytes)),
      takeAll(channel.stderr, (bytes) => output('stderr', bytes)),
    ]);
    const ended = await channel.ended;
    if (fault !== undefined) throw fault;
    return ended;
  }

  /** Until the command reads no more. */
  async #sendInput(input: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of input) if (!(await this.#channel.stdin.write(bytes))) break;
    this.#channel.stdin.end();
  }
}

async function takeAll(
  stream: IncomingStream,
  output: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
    if (!(await output(bytes))) stream.stop();
  }
}

import type { CommandEnd, CommandFailure, CommandStart } from '../../protocol/command-end.ts';
import type { OpenRequest } from '../../protocol/open-request.ts';
import type { CommandChannel, OutputSink } from '../command-channel.ts';

/** Bytes that one read of a command may bring. */
const readBytes = 65_536;

const never = new Promise<void>(() => {});

/** One line of the classic exchange: its output is collected, since its length goes first. */
export class ClassicChannel implements CommandChannel {
  readonly request: OpenRequest;
  readonly stdin = { read: () => Promise.resolve(undefined), stop: () => {} };
  readonly stdout: OutputSink;
  /** Thrown away: the exchange has no place for it. */
  readonly stderr: OutputSink = sink(() => {});
  readonly #pieces: Uint8Array[] = [];
  readonly #over = Promise.withResolvers<Buffer>();

  /** @param maxOutputBytes - which are kept in memory. */
  constructor(line: string, maxOutputBytes: number) {
    const credit = { stdout: 0, stderr: 0 };
    this.request = { shell: line, stdin: false, maxOutputBytes, credit };
    this.stdout = sink((bytes) => this.#pieces.push(bytes));
  }

  /** What the client is answered, once the command has ended: why nothing was run, where that is so. */
  get output(): Promise<Buffer> {
    return this.#over.promise;
  }

  started(_start: Omit<CommandStart, 'credit'>): void {}

  failed({ message }: CommandFailure): void {
    this.#over.resolve(Buffer.from(`rcmd: nothing was run: ${message}\n`));
  }

  ended(_end: CommandEnd): void {
    this.#over.resolve(Buffer.concat(this.#pieces));
  }
}

function sink(take: (bytes: Uint8Array) => void): OutputSink {
  return {
    whenStopped: never,
    room: () => Promise.resolve(readBytes),
    send: (bytes) => {
      take(bytes);
      return Promise.resolve();
    },
    end: () => {},
  };
}

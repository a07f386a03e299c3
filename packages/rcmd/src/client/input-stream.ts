import { Writable } from 'node:stream';
import type { OutgoingStream } from '../link/outgoing-stream.ts';

/** The input of a command, for a writer of Node's. Writing waits while the command does not read. */
export class InputStream extends Writable {
  readonly #stdin: OutgoingStream;

  constructor(stdin: OutgoingStream) {
    super({ highWaterMark: 262_144 });
    this.#stdin = stdin;
    // That a command reads no more is its own affair; whoever listens learns of it.
    this.on('error', () => {});
    void stdin.whenStopped.then(() => this.destroy());
  }

  override _write(bytes: Buffer, _encoding: string, written: (error?: Error | null) => void): void {
    void this.#stdin.write(bytes).then((isWanted) => written(isWanted ? null : noReader()));
  }

  override _final(ended: () => void): void {
    this.#stdin.end();
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.#stdin.end();
    destroyed(error);
  }
}

function noReader(): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error('write EPIPE: the command reads no more of its input');
  error.code = 'EPIPE';
  error.syscall = 'write';
  return error;
}

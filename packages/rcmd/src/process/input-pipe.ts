import { Socket } from 'node:net';
import { recyclePayload } from '../protocol/frame-memory.ts';

/** Bytes that may wait for the command while more is brought: so it never waits for us. */
const queueBytes = 131_072;

/** What a command is given to read. */
export class InputPipe {
  readonly #socket: Socket;
  #isOpen = true;
  bytesTaken = 0;

  /** @param fd - the end of a pipe that does not block; belongs to this object from now on. */
  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    const gone = () => {
      this.#isOpen = false;
    };
    // EPIPE only says that the command reads no more, which write() tells.
    this.#socket.on('error', gone).on('close', gone);
  }

  /**
   * Resolves when more may be brought; with `false` where nobody reads any more.
   *
   * @param bytes - a payload as it came, which belongs to this object from now on: its memory serves again once the pipe has it.
   */
  write(bytes: Uint8Array): Promise<boolean> {
    if (!this.#isOpen) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#socket.write(bytes, (error) => {
      if (error == null) {
        this.bytesTaken += bytes.length;
        recyclePayload(bytes);
      }
      resolve(error == null);
    });
    if (this.#socket.writableLength <= queueBytes) resolve(true);
    return promise;
  }

  /** The command reads the rest, and then the end. */
  end(): void {
    this.#isOpen = false;
    this.#socket.end();
  }

  /** Frees the pipe at once. */
  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }
}

import { Socket } from 'node:net';

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

  /** Resolves when the pipe has taken all of `bytes`; with `false` where nobody reads any more. */
  write(bytes: Uint8Array): Promise<boolean> {
    if (!this.#isOpen) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#socket.write(bytes, (error) => {
        if (error == null) this.bytesTaken += bytes.length;
        resolve(error == null);
      });
    });
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

interface SendingFile {
  resolve(bytes: number): void;
  reject(error: Error): void;
}

/** The files that a connection has yet to send, in order, and the promises of those who sent them. */
export class SendingFiles {
  readonly #files: SendingFile[] = [];

  /** Resolves with the number of bytes when the kernel has taken the file. */
  add(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#files.push({ resolve, reject });
    return promise;
  }

  /** The first one has gone. */
  sent(bytes: number): void {
    this.#files.shift()?.resolve(bytes);
  }

  /** Nothing more will go. */
  fail(error: Error): void {
    for (const file of this.#files.splice(0)) file.reject(error);
  }
}

import process from 'node:process';

/** How long a message waits for room in systemd's socket before the next try. */
const retryMs = 20;

/** Sends one datagram to a Unix socket, by its path or `@name`. @throws the operating system's error. */
export type SendToUnix = (path: string, text: string) => void;

/**
 * Where messages for systemd go. What cannot be sent ends no server: a warning of the process says it, once.
 *
 * @see sd_notify(3)
 */
export class NotifySocket {
  readonly #path: string;
  readonly #send: SendToUnix | Error;
  /** Messages that the socket had no room for, in order. */
  #waiting: string[] = [];
  #retry: NodeJS.Timeout | undefined;
  #hasWarned = false;

  /** @param send - or the error that says why this cannot be done here. */
  constructor(path: string, send: SendToUnix | Error) {
    this.#path = path;
    this.#send = send;
  }

  /** Sends assignments, such as `READY=1`, as one message. */
  tell(...assignments: readonly string[]): void {
    this.#waiting.push(assignments.join('\n'));
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    for (let text = this.#waiting[0]; text !== undefined; text = this.#waiting[0]) {
      const error = this.#trySend(text);
      if (error !== undefined && 'code' in error && error.code === 'EAGAIN') {
        this.#retry = setTimeout(() => this.#flush(), retryMs);
        return;
      }
      this.#waiting.shift();
      if (error !== undefined) this.#warn(error);
    }
  }

  #trySend(text: string): Error | undefined {
    if (this.#send instanceof Error) return this.#send;
    if (!/^[/@]/.test(this.#path)) return new Error(`it must begin with / or @, got '${this.#path}'`);
    try {
      this.#send(this.#path, text);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #warn(error: Error): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(
      `NOTIFY_SOCKET is set, but systemd cannot be told that the service is ready: ${error.message}`,
      { type: 'SystemdWarning', code: 'SOCKETSERVER_NOTIFY' },
    );
  }
}

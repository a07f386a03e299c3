import type { SocketAddress } from '../../src/index.ts';

/** What `handleError` was told about one request. */
export interface CollectedError {
  readonly clientAddress: SocketAddress;
  readonly error: Error & { readonly code?: unknown };
}

/** Writes down what a server's `handleError` gets, instead of printing it; `next()` waits for the next one. */
export class ErrorCollector {
  readonly all: CollectedError[] = [];
  #waiting: ((collected: CollectedError) => void)[] = [];
  #taken = 0;

  readonly handleError = (_request: unknown, clientAddress: SocketAddress, error: unknown): void => {
    this.all.push({ clientAddress, error: error as CollectedError['error'] });
    this.#give();
  };

  next(): Promise<CollectedError> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#give();
    });
  }

  #give(): void {
    while (this.#taken < this.all.length && this.#waiting.length > 0) {
      this.#waiting.shift()!(this.all[this.#taken]!);
      this.#taken += 1;
    }
  }
}

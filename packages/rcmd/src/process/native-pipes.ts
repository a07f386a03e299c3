import { closeSync } from 'node:fs';
import type { PipeEnds, PipeSupply } from './pipe-supply.ts';

type Native = typeof import('@socketserver/native');

/** Pipes from the kernel, by `@socketserver/native`. */
export class NativePipes implements PipeSupply {
  readonly #native: Native;

  private constructor(native: Native) {
    this.#native = native;
  }

  /** @returns `undefined` where the package is not installed, or was not built. */
  static async load(): Promise<NativePipes | undefined> {
    try {
      const native = await import('@socketserver/native');
      // The addon itself is loaded with its first call.
      const { readEnd, writeEnd } = native.makePipe();
      closeSync(readEnd);
      closeSync(writeEnd);
      return new NativePipes(native);
    } catch {
      return undefined;
    }
  }

  has(): boolean {
    return true;
  }

  reserve(): Promise<void> {
    return Promise.resolve();
  }

  takeOutput(): PipeEnds {
    const { readEnd, writeEnd } = this.#native.makePipe();
    return { ours: readEnd, childs: writeEnd };
  }

  takeInput(): PipeEnds {
    const { readEnd, writeEnd } = this.#native.makePipe();
    return { ours: writeEnd, childs: readEnd };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

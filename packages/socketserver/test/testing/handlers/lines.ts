import assert from 'node:assert/strict';
import { once } from 'node:events';
import { StreamRequestHandler } from '../../../src/index.ts';

/** Answers each line: in capitals, or as the line says. At the end of the stream it says so. */
export class Lines extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) {
      const word = line.toString().trimEnd();
      if (word === 'reset') return this.request.reset();
      if (word === 'leave') return;
      if (word === 'fail') throw Object.assign(new Error('as asked'), { code: 'AS_ASKED' });
      if (word === 'stream') await this.#stream();
      if (word === 'hold' && !this.request.signal.aborted) await once(this.request.signal, 'abort');
      await this.wfile.write(`${word.toUpperCase()}\n`);
    }
    await this.wfile.write('the end');
  }

  async #stream(): Promise<void> {
    const chunk = Buffer.alloc(65_536, 'x');
    while (!this.request.signal.aborted) await this.request.sendall(chunk);
  }
}

/** Reads, and says nothing. */
export class Silent extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const bytes of this.request) assert.ok(bytes.length > 0);
  }
}

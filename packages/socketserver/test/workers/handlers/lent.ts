// What threads do that have their server's listener on loan.
import process from 'node:process';
import { threadId } from 'node:worker_threads';
import { StreamRequestHandler } from '../../../src/index.ts';

/** Does what the client's line says, and answers with it, this thread's number and the request's. */
export class Errand extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const line = (await this.rfile.readline()).toString().trim();
    if (line === 'exit') process.exit(3);
    if (line === 'fail') throw Object.assign(new Error('as the client wished'), { code: 'EWISH' });
    if (line === 'spin') {
      const [spins, mayEnd] = [0, 1];
      const flags = this.server.workerData as Int32Array;
      Atomics.store(flags, spins, 1);
      while (Atomics.load(flags, mayEnd) === 0); // holds the event loop up until the test says otherwise
    }
    await this.wfile.write(`${line} ${threadId} ${this.request.id}\n`);
    if (line === 'stay') await this.rfile.read();
  }
}

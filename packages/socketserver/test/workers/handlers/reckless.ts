// A handler that does to its worker what its client asks for, a line at a time.
import process from 'node:process';
import { threadId } from 'node:worker_threads';
import { StreamRequestHandler } from '../../../src/index.ts';

export class Reckless extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) {
      const [command = '', argument = ''] = line.toString().trim().split(' ');
      if (command === 'leave') {
        setImmediate(() => process.exit(Number(argument)));
        return;
      }
      await this.#obey(command, argument);
    }
  }

  async #obey(command: string, argument: string): Promise<void> {
    switch (command) {
      case 'where':
        await this.wfile.write(`${process.pid} ${threadId}\n`);
        return;
      case 'spin': {
        await this.wfile.write('spinning\n');
        await new Promise(setImmediate);
        tellOthers(this.server.workerData);
        const end = performance.now() + Number(argument);
        while (performance.now() < end && !mayEnd(this.server.workerData));
        await this.wfile.write('done\n');
        return;
      }
      case 'sleep': // as it would spin, but at no cost for others
        await this.wfile.write('sleeping\n');
        await new Promise(setImmediate);
        tellOthers(this.server.workerData);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
        return;
      case 'exit':
        process.exit(Number(argument));
        return;
      case 'abort':
        process.abort();
        return;
      case 'kill':
        process.kill(process.pid, 'SIGKILL');
        return;
      case 'uncaught':
        setImmediate(() => {
          throw Object.assign(new Error('nobody caught this'), { code: 'EUNCAUGHT' });
        });
        return;
      case 'stack':
        overflow();
        return;
      case 'heap':
        fillHeap();
        return;
      default:
        await this.wfile.write(line(command));
    }
  }
}

/** Counts the spinning handlers in memory that the test shares with its threads. */
function tellOthers(spinning: unknown): void {
  if (!(spinning instanceof Int32Array)) return;
  Atomics.add(spinning, 0, 1);
  Atomics.notify(spinning, 0);
}

/** Whether the test has said, in the word behind that, that they have spun for long enough. */
function mayEnd(spinning: unknown): boolean {
  return spinning instanceof Int32Array && spinning.length > 1 && Atomics.load(spinning, 1) !== 0;
}

function line(text: string): string {
  return `${text}\n`;
}

function overflow(): number {
  return overflow() + 1;
}

function fillHeap(): never {
  const hoard: unknown[] = [];
  for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}

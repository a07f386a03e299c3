import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { StreamRequestHandler } from '../../src/index.ts';

const block = Buffer.alloc(65_536, 'x');

/** Does what its client asks for, a line at a time. */
export class Soaked extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) {
      const [command, argument] = line.toString().trimEnd().split(' ');
      if (command === 'echo') await this.wfile.write(`${argument}\n`);
      else if (command === 'send') await this.#send(Number(argument));
      else if (command === 'crash') crash();
      else throw new Error(`a client asked for ${command}`);
    }
  }

  async #send(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= block.length) {
      await this.request.sendall(block.subarray(0, left));
    }
  }
}

function crash(): void {
  if (isMainThread) process.kill(process.pid, 'SIGKILL');
  else process.exit(3);
}

// Datagram handlers that the tests of workers load into threads and processes.
import { once } from 'node:events';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { BaseRequestHandler, type DatagramRequest, DatagramRequestHandler } from '../../../src/index.ts';

/** Answers with the packet, in upper case. */
export class Shout extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    this.wfile.write(this.packet.toString().toUpperCase());
  }
}

/** How many handlers run in this worker. */
let running = 0;

/** Does what the packet says, and answers with what came of it. */
export class Obey extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;

  override async handle() {
    const [data, socket, isTruncated] = this.request;
    const word = data.toString();
    if (word === 'fail') throw Object.assign(new Error('no such word'), { code: 'EWORD' });
    if (word === 'exit') process.exit(3);
    if (word === 'long') {
      const error = await socket
        .sendto(Buffer.alloc(70_000), this.clientAddress)
        .then(() => undefined, codeOf);
      await socket.sendto(`long: ${String(error)}`, this.clientAddress);
      return;
    }
    if (word === 'hold') {
      await socket.sendto('holding', this.clientAddress);
      if (!socket.signal.aborted) await once(socket.signal, 'abort');
      await socket.sendto('let go', this.clientAddress);
      return;
    }
    if (word === 'deaf') {
      await socket.sendto('deaf', this.clientAddress);
      await new Promise(() => {});
    }
    if (word === 'crowd') {
      running += 1;
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      await socket.sendto(`${running}`, this.clientAddress);
      running -= 1;
      return;
    }
    if (word === 'shutdown') {
      await this.server.shutdown();
      await socket.sendto('shut down', this.clientAddress);
      return;
    }
    if (word === 'address') {
      await socket.sendto(socket.getsockname()[0], this.clientAddress);
      return;
    }
    if (word.startsWith('tell ')) {
      await socket.sendto('told', ['127.0.0.1', Number(word.slice(5))]);
      return;
    }
    if (word === 'where') await socket.sendto(`${process.pid} ${threadId}`, this.clientAddress);
    else await socket.sendto(`${word.length} ${isTruncated} ${socket.getsockname()[1]}`, this.clientAddress);
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}

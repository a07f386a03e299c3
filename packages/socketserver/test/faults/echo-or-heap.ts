import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadId } from 'node:worker_threads';
import { BaseRequestHandler } from '../../src/index.ts';

/** What asks {@link EchoOrHeap} for the heap of its thread. */
export const heapQuestion = 'how much heap?';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Sends back what comes, or says how much heap its thread uses after a full collection: who it is, and bytes. */
export class EchoOrHeap extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const bytes of this.request) {
      await this.request.sendall(bytes.toString() === heapQuestion ? heapUsed() : bytes);
    }
  }
}

function heapUsed(): string {
  collect();
  collect(); // what finalizers of the first one freed
  return `${process.pid}.${threadId} ${process.memoryUsage().heapUsed}`;
}

import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadId } from 'node:worker_threads';
import { BaseRequestHandler, type DatagramRequest } from '../../src/index.ts';

/** What asks a handler for the heap of its thread. */
export const heapQuestion = 'how much heap?';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects this thread's garbage. @returns bytes that its heap and its buffers still use. */
export function heapInUse(): number {
  collect();
  collect(); // what finalizers of the first one freed
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Sends back what comes, or says how much heap its thread uses after a full collection: who it is, and bytes. */
export class EchoOrHeap extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(answerTo(bytes));
  }
}

/** The same for datagrams. */
export class EchoOrHeapOfPackets extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;

  override async handle() {
    const [data, socket] = this.request;
    await socket.sendto(answerTo(data), this.clientAddress);
  }
}

function answerTo(bytes: Buffer): Buffer | string {
  return bytes.toString() === heapQuestion ? `${process.pid}.${threadId} ${heapInUse()}` : bytes;
}

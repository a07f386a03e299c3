/** What a worker thread runs: it loads the handler, says so, and serves what comes. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { transferError } from '../error-transfer.ts';
import { loadHandler } from '../handler-module.ts';
import type { FromWorker } from '../messages/from-worker.ts';
import type { ToWorker } from '../messages/to-worker.ts';
import type { WorkerStart } from '../messages/worker-start.ts';
import { RequestService } from '../request-service.ts';
import { ThreadInbox } from '../thread-inbox.ts';

const port = parentPort!;
const start = workerData as WorkerStart;
const post = (message: FromWorker): void => port.postMessage(message);

try {
  const service = new RequestService(start, await loadHandler(start.handler), {
    post,
    exit: () => process.exit(),
  });
  process.on('exit', () => service.leaving());
  const inbox = new ThreadInbox(service, start.crossing);
  port.on('message', (messages: readonly ToWorker[]) => inbox.posted(messages));
  post({ type: 'ready' });
} catch (error) {
  post({ type: 'failed', error: transferError(error) });
}

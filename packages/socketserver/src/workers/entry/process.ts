/** What a child process runs: it loads the handler, says so, and serves what comes. */
import { once } from 'node:events';
import process from 'node:process';
import { endAfterParent } from '../end-after-parent.ts';
import { transferError } from '../error-transfer.ts';
import { loadHandler } from '../handler-module.ts';
import type { HandedOver } from '../../engine/contract/connection.ts';
import type { FromWorker } from '../messages/from-worker.ts';
import type { ToWorker } from '../messages/to-worker.ts';
import type { WorkerStart } from '../messages/worker-start.ts';
import { RequestService } from '../request-service.ts';

const post = (message: FromWorker): void => {
  if (process.connected) process.send!(message);
};

// The server is gone, perhaps killed: nobody is left to serve for.
process.on('disconnect', () => process.exit());
// The same, where a message finds out first. [Node: subprocess.send() without a callback]
process.on('error', () => process.exit());
// A terminal or a supervisor signals the whole group; the server tells its workers what to do itself.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('uncaughtExceptionMonitor', (error) => post({ type: 'crashing', error: transferError(error) }));

// Before anything is waited for: the number of a parent that took this process over meanwhile is not the server's.
const server = process.ppid;
const [start] = (await once(process, 'message')) as [WorkerStart];
try {
  const handlerClass = await loadHandler(start.handler);
  const watch = endAfterParent(server, start.engine);
  const service = new RequestService(start, handlerClass, { post, exit: () => process.exit(), watch });
  process.on('exit', () => service.leaving());
  process.on('message', (message: ToWorker, handle?: HandedOver['handle']) =>
    service.received(message, handle),
  );
  post({ type: 'ready' });
} catch (error) {
  post({ type: 'failed', error: transferError(error) });
}

import { parentPort, workerData } from 'node:worker_threads';
import { createNativeEngine } from '../../lib/index.ts';
import { CollectingSink } from './collecting-sink.ts';

/** Joins a crossing and tells of each arrival, whose bytes it echoes until their end; for one with the note `-1` it throws. */
const { crossing } = workerData as { crossing: number };
process.on('uncaughtException', ({ message }) => parentPort!.postMessage(message, []));
const engine = createNativeEngine();
const arrivals = engine.joinCrossing(crossing, (connection, notes) => {
  if (notes.after === -1) {
    connection.close();
    throw new Error('thrown at an arrival');
  }
  const { remoteAddress, localAddress } = connection;
  parentPort!.postMessage({ remoteAddress, localAddress, notes }, []);
  void echo(new CollectingSink(connection));
});

parentPort!.on('message', (message: unknown) => {
  if (message === 'receive') {
    arrivals.receive();
    parentPort!.postMessage('received', []);
  } else if (message === 'join again') {
    try {
      engine.joinCrossing(crossing, () => {});
    } catch (error) {
      parentPort!.postMessage((error as NodeJS.ErrnoException).code, []);
    }
  } else {
    // Takes nothing any more, until it is terminated.
    parentPort!.postMessage('blocked', []);
    for (;;);
  }
});
parentPort!.postMessage('ready', []);

async function echo(sink: CollectingSink): Promise<void> {
  await sink.write(await sink.readAll());
  sink.connection.close();
}

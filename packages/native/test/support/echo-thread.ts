import { parentPort } from 'node:worker_threads';
import { createNativeEngine } from '../../lib/index.ts';
import type { SocketAddress } from '../../lib/contract.ts';
import { CollectingSink } from './collecting-sink.ts';

/** Echoes, until its end, each connection that it is handed. */
const engine = createNativeEngine();
let localAddress: SocketAddress | undefined;

parentPort!.on('message', (message: unknown) => {
  if (message === 'addresses?') {
    parentPort!.postMessage(localAddress, []);
    return;
  }
  const connection = engine.adopt({ message });
  localAddress = connection.localAddress;
  void echo(new CollectingSink(connection));
});
parentPort!.postMessage('ready', []);

async function echo(sink: CollectingSink): Promise<void> {
  await sink.write(await sink.readAll());
  sink.connection.close();
}

import type { Socket } from 'node:net';
import { createNativeEngine } from '../../lib/index.ts';
import { CollectingSink } from './collecting-sink.ts';

/** Echoes, until its end, each connection that it is handed; ends when its parent lets go. */
const engine = createNativeEngine();

process.on('message', (message: unknown, handle: Socket) => {
  void echo(new CollectingSink(engine.adopt({ message, handle })));
});
process.send!('ready');

async function echo(sink: CollectingSink): Promise<void> {
  await sink.write(await sink.readAll());
  sink.connection.close();
}

/** Says how connections end that cannot be watched: one that waits for bytes, one that waits to send some, one to be opened. */
import net from 'node:net';
import { createNativeEngine } from '../../lib/index.ts';
import { CollectingSink } from './collecting-sink.ts';
import { accept, listen } from './sockets.ts';

const listener = listen();
for (const act of ['read', 'write'] as const) {
  const peer = net.connect(Number(listener.address[1]), '127.0.0.1').on('error', () => {});
  const sink = new CollectingSink(await accept(listener));
  if (act === 'read') sink.connection.resume();
  else sink.connection.write(Buffer.alloc(33_554_432));
  const error = await sink.closedOnce.promise;
  process.stdout.write(`${act}: ${error?.message}\n`);
  peer.destroy();
}
await createNativeEngine()
  .connect(listener.address)
  .catch((error: Error) => process.stdout.write(`connect: ${error.message}\n`));
process.exit();

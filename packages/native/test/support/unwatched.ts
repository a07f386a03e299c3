/** Says how connections end that cannot be watched: one that waits for bytes, and one that waits to send some. */
import net from 'node:net';
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
process.exit();

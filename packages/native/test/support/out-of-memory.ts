/** Three clients say something, and each gets it back. Says what the server was told of each connection, or the client got. */
import { CollectingSink } from './collecting-sink.ts';
import { accept, client, listen, readToEnd } from './sockets.ts';

const listener = listen();
for (let count = 0; count < 3; count += 1) {
  const peer = await client(listener.address);
  peer.on('error', () => {});
  const sink = new CollectingSink(await accept(listener));
  peer.end('hello');
  const bytes = await sink.readAll();
  sink.connection.write(bytes);
  sink.connection.endWrite();
  const error = await sink.closedOnce.promise;
  const text = error?.message ?? (await readToEnd(peer)).toString();
  process.stdout.write(`${text}\n`);
  peer.destroy();
}
await listener.close();

import { Duplex } from 'node:stream';
import type { Connection } from '../../engine/contract/connection.ts';

/** Makes a Node stream of a connection in memory, for a test's client. Nothing is read that nobody asks for. */
export function memoryStream(connection: Connection): Duplex {
  let written: (() => void) | undefined;
  const stream = new Duplex({
    allowHalfOpen: true,
    readableHighWaterMark: 1,
    read: () => connection.resume(),
    write(bytes: Buffer, _encoding, done) {
      if (connection.write(bytes)) done();
      else written = done;
    },
    final(done) {
      connection.endWrite();
      done();
    },
    destroy(error, done) {
      connection.close();
      done(error);
    },
  });
  connection.start({
    received: (bytes) => stream.push(bytes),
    ended: () => void stream.push(null),
    drained() {
      const done = written;
      written = undefined;
      done?.();
    },
    closed: (error) => void stream.destroy(error),
  });
  return stream.pause();
}

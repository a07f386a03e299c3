import type { Duplex } from 'node:stream';

/** A socket of Node's, or a stream that can end as one does. */
export interface NodeStream extends Duplex {
  /** Bytes that came from the peer since this is a stream, or since the connection was made; and that went to it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Ends the connection at once: unsent bytes are lost, a TCP peer sees a reset. A Unix socket of Node's throws. */
  resetAndDestroy(): unknown;
  /** As `Connection.bytesTaken`, where it is no socket. */
  readonly bytesTaken?: number;
}

import type { NodeStream } from '../engine/contract/node-stream.ts';
import type { RemoteConnection } from './remote-connection.ts';
import type { SocketSink } from './socket-sink.ts';

/** Listeners to the end of the stream that are ours: who adds theirs has as much room as on a socket of Node's own. */
const ownListeners = 2;

/**
 * A connection that goes on as a stream of Node's in somebody else's hands. Its server still counts it and its bytes, and
 * ends it where a drain is over.
 */
export class DetachedStream implements RemoteConnection {
  readonly #sink: SocketSink;
  readonly #stream: NodeStream;
  readonly #isUnix: boolean;
  /** Bytes before it was a stream. */
  readonly #readBefore: number;
  readonly #writtenBefore: number;

  /** @param sink - learns of the end. */
  constructor(stream: NodeStream, sink: SocketSink) {
    this.#stream = stream;
    this.#sink = sink;
    this.#isUnix = typeof sink.connection.remoteAddress === 'string';
    this.#readBefore = sink.bytesRead - stream.bytesRead;
    this.#writtenBefore = sink.bytesWritten - stream.bytesWritten;
    const most = stream.getMaxListeners();
    if (most > 0) stream.setMaxListeners(most + ownListeners); // 0: without limit [Node: emitter.setMaxListeners]
    stream.once('close', () => sink.closed(stream.errored ?? undefined));
  }

  get bytesRead(): number {
    return this.#readBefore + this.#stream.bytesRead;
  }

  get bytesWritten(): number {
    return this.#writtenBefore + this.#stream.bytesWritten;
  }

  /** Whoever listens to the signal of its socket learns of it there. */
  interrupt(): void {}

  /** The stream is destroyed with no error of ours: one that nobody listens to would end the process. */
  reset(reason: Error | undefined): void {
    this.#sink.failure ??= reason;
    if (this.#isUnix) this.#stream.destroy();
    else this.#stream.resetAndDestroy();
  }

  isItsEnd(error: Error): boolean {
    const isCutOff = 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    return error === this.#stream.errored || (isCutOff && this.#stream.destroyed);
  }
}

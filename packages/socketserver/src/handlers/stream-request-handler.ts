import type { SocketAddress } from '../address/socket-address.ts';
import { aBoolean, anInteger, type OptionRules, seconds } from '../options/check-options.ts';
import { StreamReader } from '../request/stream-reader.ts';
import type { StreamSocket } from '../request/stream-socket.ts';
import { StreamWriter } from '../request/stream-writer.ts';
import type { ServerView } from './server-view.ts';
import { BaseRequestHandler } from './base-request-handler.ts';

/** What the class attributes of a {@link StreamRequestHandler} may be. */
export const streamHandlerRules: OptionRules<
  Pick<typeof StreamRequestHandler, 'rbufsize' | 'wbufsize' | 'timeout' | 'disableNagleAlgorithm'>
> = {
  rbufsize: anInteger(-1, Number.MAX_SAFE_INTEGER),
  wbufsize: anInteger(-1, Number.MAX_SAFE_INTEGER),
  timeout: seconds,
  disableNagleAlgorithm: aBoolean,
};

/**
 * A handler that reads and writes its connection like files: `rfile` and `wfile`.
 *
 * @example
 * class Shout extends StreamRequestHandler {
 *   override async handle() {
 *     for await (const line of this.rfile) await this.wfile.write(line.toString().toUpperCase());
 *   }
 * }
 *
 * @see CPython `socketserver.StreamRequestHandler`
 */
export class StreamRequestHandler<
  Address extends SocketAddress = SocketAddress,
  Server extends ServerView = ServerView,
> extends BaseRequestHandler<StreamSocket<Address>, Address, Server> {
  /** Bytes that `rfile.readline()` takes at most when it is not told otherwise; -1 is the default, 65,536. */
  static readonly rbufsize: number = -1;
  /** Bytes that `wfile` gathers before it sends; 0, the default, sends each write at once; -1 is 8,192. */
  static readonly wbufsize: number = 0;
  /** Seconds that one operation on the connection may wait; `undefined` for ever. */
  static readonly timeout: number | undefined = undefined;
  /**
   * Sends small writes at once (`TCP_NODELAY`). Unlike Python's it is on by default, as in asyncio and Go: what is written in one
   * turn goes together anyway, and the tail of an answer does not wait for the peer's delayed acknowledgement.
   */
  static readonly disableNagleAlgorithm: boolean = true;

  /** The same as `request`. */
  connection!: StreamSocket<Address>;
  rfile!: StreamReader;
  wfile!: StreamWriter;

  override setup(): Promise<void> | void {
    const { rbufsize, wbufsize, timeout, disableNagleAlgorithm } = this
      .constructor as typeof StreamRequestHandler;
    this.connection = this.request;
    if (timeout !== undefined) this.connection.settimeout(timeout);
    if (!disableNagleAlgorithm) this.connection.setNoDelay(false);
    this.rfile = new StreamReader(this.connection, rbufsize);
    this.wfile = new StreamWriter(this.connection, wbufsize);
  }

  /** Sends what `wfile` still holds, unless the connection has failed, which later calls would report. */
  override async finish(): Promise<void> {
    try {
      await this.wfile.flush();
    } catch (error) {
      if (!this.connection.isPeerGone(error)) throw error;
    }
  }
}

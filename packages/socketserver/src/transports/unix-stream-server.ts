import { InheritedSocket } from '../address/inherited-socket.ts';
import type { UnixAddress } from '../address/socket-address.ts';
import { bindReplacingDead, SocketFile } from '../address/unix-path.ts';
import type { Listener } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { BindOptions } from '../engine/contract/request-source.ts';
import { anInteger, type OptionRules } from '../options/check-options.ts';
import { checkServerOptions } from '../server/server-options.ts';
import { readUnixServerAddress, type UnixServerAddress } from './server-address.ts';
import { streamOptionRules, type StreamServerOptions } from './stream-options.ts';
import { type StreamHandlerClass, StreamServer } from './stream-server.ts';

/** What a Unix stream server takes. */
export interface UnixStreamServerOptions extends StreamServerOptions {
  /** Permission bits of the path, such as `0o660`: who may connect. Default: as the umask leaves them. */
  readonly mode?: number | undefined;
}

const unixStreamOptionRules: OptionRules<UnixStreamServerOptions> = {
  ...streamOptionRules,
  mode: anInteger(0, 0o777),
};

/**
 * A server on a Unix stream socket that serves one connection after the other; later clients wait, in order.
 *
 * The file of a dead server is replaced, a live one's is not, and the own one is removed when the server closes.
 * `clientAddress` is mostly `''`, since clients rarely bind a path of their own.
 *
 * @see CPython `socketserver.UnixStreamServer`
 */
export class UnixStreamServer extends StreamServer<UnixAddress> {
  /** The family of the address, by Python's name. */
  static readonly addressFamily = 'AF_UNIX';

  readonly #options: Readonly<UnixStreamServerOptions>;
  #file: SocketFile | undefined;

  /**
   * Binds and listens.
   *
   * @param serverAddress - a path, also as `unix:/path` or `{ path }`; on Linux an abstract name, `'\0name'`.
   *   Or an inherited socket: `fromSystemd()`, `{ fd }`.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open; TypeError and
   *   RangeError for wrong arguments.
   */
  constructor(
    serverAddress: UnixServerAddress,
    RequestHandlerClass: StreamHandlerClass<UnixAddress>,
    options?: UnixStreamServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkServerOptions(options, unixStreamOptionRules, { action, Class: new.target });
    const context = { kind: 'Unix stream', options: checked, action } as const;
    super(readUnixServerAddress(serverAddress, context), RequestHandlerClass, checked);
    this.#options = checked;
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }

  protected override bindSource(engine: Engine, path: UnixAddress | InheritedSocket<UnixAddress>): Listener {
    if (path instanceof InheritedSocket) return super.bindSource(engine, path); // its file is somebody else's
    const listener = bindReplacingDead(path, () => super.bindSource(engine, path));
    this.#file = SocketFile.at(path);
    return listener;
  }

  protected override async closeSource(listener: Listener, drained: Promise<void>): Promise<void> {
    const close = () => super.closeSource(listener, drained);
    await (this.#file === undefined ? close() : this.#file.release(close));
  }

  protected override bindOptions(): BindOptions {
    return { ...super.bindOptions(), mode: this.#options.mode };
  }
}

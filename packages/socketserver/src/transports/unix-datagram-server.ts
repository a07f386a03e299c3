import { InheritedSocket } from '../address/inherited-socket.ts';
import type { UnixAddress } from '../address/socket-address.ts';
import { bindReplacingDead, SocketFile } from '../address/unix-path.ts';
import type { DatagramBindOptions } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { anInteger, type OptionRules } from '../options/check-options.ts';
import type { DatagramSocket } from '../request/datagram-socket.ts';
import { checkServerOptions } from '../server/server-options.ts';
import { datagramOptionRules, type DatagramServerOptions } from './datagram-options.ts';
import { type DatagramHandlerClass, DatagramServer } from './datagram-server.ts';
import { readUnixServerAddress, type UnixServerAddress } from './server-address.ts';

/** What a Unix datagram server takes. */
export interface UnixDatagramServerOptions extends DatagramServerOptions {
  /** Permission bits of the path, such as `0o660`. Default: as the umask leaves them. */
  readonly mode?: number | undefined;
}

const unixDatagramOptionRules: OptionRules<UnixDatagramServerOptions> = {
  ...datagramOptionRules,
  mode: anInteger(0, 0o777),
};

/**
 * A server for datagrams on a Unix socket, one after the other. It needs the native engine
 * (`@socketserver/native`), since Node has no such sockets.
 *
 * A client that wants an answer binds a path or name of its own; `clientAddress` is `''` for one that did not. The
 * file of a dead server is replaced, a live one's is not, and the own one is removed when the server closes.
 *
 * @see CPython `socketserver.UnixDatagramServer`
 */
export class UnixDatagramServer extends DatagramServer<UnixAddress> {
  /** The family of the address, by Python's name. */
  static readonly addressFamily = 'AF_UNIX';

  readonly #options: Readonly<UnixDatagramServerOptions>;
  #file: SocketFile | undefined;

  /**
   * Binds.
   *
   * @param serverAddress - a path, also as `unix:/path` or `{ path }`; on Linux an abstract name, `'\0name'`.
   *   Or an inherited socket: `fromSystemd()`, `{ fd }`.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open; UnsupportedError
   *   (`UNSUPPORTED`) without the native engine; TypeError and RangeError for wrong arguments.
   */
  constructor(
    serverAddress: UnixServerAddress,
    RequestHandlerClass: DatagramHandlerClass<UnixAddress>,
    options?: UnixDatagramServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkServerOptions(options, unixDatagramOptionRules, { action, Class: new.target });
    const context = { kind: 'Unix datagram', options: checked, action } as const;
    super(readUnixServerAddress(serverAddress, context), RequestHandlerClass, checked);
    this.#options = checked;
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }

  protected override bindSource(
    engine: Engine,
    path: UnixAddress | InheritedSocket<UnixAddress>,
  ): DatagramSocket<UnixAddress> {
    if (path instanceof InheritedSocket) return super.bindSource(engine, path); // its file is somebody else's
    const socket = bindReplacingDead(path, () => super.bindSource(engine, path));
    this.#file = SocketFile.at(path);
    return socket;
  }

  protected override async closeSource(
    socket: DatagramSocket<UnixAddress>,
    drained: Promise<void>,
  ): Promise<void> {
    try {
      this.#file?.remove();
    } finally {
      await super.closeSource(socket, drained);
    }
  }

  protected override bindOptions(): DatagramBindOptions {
    return { ...super.bindOptions(), mode: this.#options.mode };
  }
}

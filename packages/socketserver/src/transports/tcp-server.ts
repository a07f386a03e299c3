import type { InetAddress } from '../address/socket-address.ts';
import type { BindOptions } from '../engine/contract/request-source.ts';
import type { OptionRules } from '../options/check-options.ts';
import { checkServerOptions } from '../server/server-options.ts';
import { type InetFamily, type InetOptions, inetOptionRules } from './inet-options.ts';
import { type InetServerAddress, readInetServerAddress } from './server-address.ts';
import { streamOptionRules, type StreamServerOptions } from './stream-options.ts';
import { type StreamHandlerClass, StreamServer } from './stream-server.ts';

/** What a TCP server takes. */
export interface TCPServerOptions extends StreamServerOptions, InetOptions {}

export const tcpOptionRules: OptionRules<TCPServerOptions> = { ...streamOptionRules, ...inetOptionRules };

/**
 * A TCP server that serves one connection after the other; later clients wait, in order.
 *
 * @example
 * await using server = new TCPServer(['127.0.0.1', 8888], Echo);
 * await server.serveForever();
 *
 * @see CPython `socketserver.TCPServer`
 */
export class TCPServer extends StreamServer<InetAddress> {
  /** What `''` and `'localhost'` stand for; `undefined` takes the family of the host. */
  static readonly addressFamily: InetFamily | undefined = undefined;

  readonly #options: Readonly<TCPServerOptions>;

  /**
   * Binds and listens.
   *
   * @param serverAddress - `['127.0.0.1', 8888]`, `{ host, port }` or text; port 0 takes a free one. Or an inherited
   *   socket: `fromSystemd()`, `{ fd }`.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open; TypeError and
   *   RangeError for wrong arguments.
   */
  constructor(
    serverAddress: InetServerAddress,
    RequestHandlerClass: StreamHandlerClass<InetAddress>,
    options?: TCPServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkServerOptions(options, tcpOptionRules, { action, Class: new.target });
    const family = checked.addressFamily ?? new.target.addressFamily;
    const context = { kind: 'TCP', options: checked, action, family } as const;
    super(readInetServerAddress(serverAddress, context), RequestHandlerClass, checked);
    this.#options = checked;
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }

  protected override bindOptions(): BindOptions {
    return { ...super.bindOptions(), ipv6Only: this.#options.ipv6Only ?? false };
  }
}

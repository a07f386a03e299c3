import type { InheritedSocket } from '../address/inherited-socket.ts';
import type { InetAddress } from '../address/socket-address.ts';
import type { DatagramBindOptions } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { aBoolean, anything, type OptionRules } from '../options/check-options.ts';
import type { DatagramSocket } from '../request/datagram-socket.ts';
import type { DatagramBinding } from '../workers/datagram-binding.ts';
import { checkServerOptions } from '../server/server-options.ts';
import { datagramOptionRules, type DatagramServerOptions } from './datagram-options.ts';
import { type DatagramHandlerClass, DatagramServer } from './datagram-server.ts';
import { type InetFamily, type InetOptions, inetOptionRules } from './inet-options.ts';
import { type InetServerAddress, readInetServerAddress } from './server-address.ts';
import { configureMulticast, type MulticastOptions, resolveMulticast } from './multicast-options.ts';

/** What a UDP server takes. */
export interface UDPServerOptions extends DatagramServerOptions, InetOptions {
  /** Lets handlers send to broadcast addresses. Default `false`. */
  readonly broadcast?: boolean | undefined;
  /** Groups to join, and how to send to groups. Several servers on one port need `allowReuseAddress` too. */
  readonly multicast?: MulticastOptions | undefined;
}

const udpOptionRules: OptionRules<UDPServerOptions> = {
  ...datagramOptionRules,
  ...inetOptionRules,
  broadcast: aBoolean,
  multicast: anything, // a group, checked by resolveMulticast()
};

/**
 * A UDP server that serves one datagram after the other; later ones wait, in order.
 *
 * At `0.0.0.0` or `::` answers leave, on the native engine, from the address that the client wrote to, also those of
 * workers, where that is an address of this host alone: not a group, nor a broadcast address. On the node engine the
 * system picks one of the machine's, since `node:dgram` neither tells nor sets it: a client that has connected its socket
 * to another one does not hear them, so bind each address by itself there.
 *
 * @example
 * class Echo extends BaseRequestHandler<DatagramRequest> {
 *   override async handle() {
 *     const [data, socket] = this.request;
 *     await socket.sendto(data, this.clientAddress);
 *   }
 * }
 *
 * await using server = new UDPServer(['127.0.0.1', 8888], Echo);
 * await server.serveForever();
 *
 * @see CPython `socketserver.UDPServer`
 */
export class UDPServer extends DatagramServer<InetAddress> {
  /** What `''` and `'localhost'` stand for; `undefined` takes the family of the host. */
  static readonly addressFamily: InetFamily | undefined = undefined;

  readonly #options: Readonly<UDPServerOptions>;
  readonly #multicast: MulticastOptions;

  /**
   * Binds.
   *
   * @param serverAddress - `['127.0.0.1', 8888]`, `{ host, port }` or text; port 0 takes a free one. Or an inherited
   *   socket: `fromSystemd()`, `{ fd }`.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open; TypeError and
   *   RangeError for wrong arguments.
   */
  constructor(
    serverAddress: InetServerAddress,
    RequestHandlerClass: DatagramHandlerClass<InetAddress>,
    options?: UDPServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkServerOptions(options, udpOptionRules, { action, Class: new.target });
    const family = checked.addressFamily ?? new.target.addressFamily;
    const context = { kind: 'UDP', options: checked, action, family } as const;
    super(readInetServerAddress(serverAddress, context), RequestHandlerClass, checked);
    this.#options = checked;
    this.#multicast = resolveMulticast(checked.multicast, action);
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }

  protected override bindSource(
    engine: Engine,
    address: InetAddress | InheritedSocket<InetAddress>,
  ): DatagramSocket<InetAddress> {
    const socket = super.bindSource(engine, address);
    try {
      if (this.#options.broadcast === true) socket.setBroadcast(true);
      configureMulticast(socket, this.#multicast);
    } catch (error) {
      void socket.close();
      throw error;
    }
    return socket;
  }

  /**
   * None with groups: a datagram to a group reaches every socket on the port, and would be served as often. None
   * beside an inherited socket either, which somebody else has bound.
   */
  protected override workerBinding(): DatagramBinding | undefined {
    const options = this.bindOptions();
    const { groups = [], interface: networkInterface, ttl, loopback } = this.#multicast;
    if (!options.reusePort || groups.length > 0 || this.inherited !== undefined) return undefined;
    return {
      address: this.serverAddress,
      options,
      broadcast: this.#options.broadcast ?? false,
      multicast: { interface: networkInterface, ttl, loopback },
    };
  }

  protected override bindOptions(): DatagramBindOptions {
    return { ...super.bindOptions(), ipv6Only: this.#options.ipv6Only ?? false };
  }
}

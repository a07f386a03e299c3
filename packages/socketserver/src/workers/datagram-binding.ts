import type { SocketAddress } from '../address/socket-address.ts';
import type { DatagramBindOptions, DatagramPort } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';

/** What a worker must know to bind a socket of its own beside the server's, on the same port. */
export interface DatagramBinding {
  /** The server's, with the real port. */
  readonly address: SocketAddress;
  readonly options: DatagramBindOptions;
  /** Whether handlers may send to broadcast addresses. */
  readonly broadcast: boolean;
  /** How multicast datagrams leave; what is `undefined` is left to the system. */
  readonly multicast: {
    readonly interface: string | undefined;
    readonly ttl: number | undefined;
    readonly loopback: boolean | undefined;
  };
}

/** Binds a worker's own socket, and sets it up as the server's is. @throws the operating system's error, with nothing left open. */
export function bindOwnSocket(
  engine: Engine,
  { address, options, broadcast, multicast }: DatagramBinding,
): DatagramPort {
  const port = engine.bindDatagram(address, options);
  try {
    if (broadcast) port.setBroadcast(true);
    if (multicast.interface !== undefined) port.setMulticastInterface(multicast.interface);
    if (multicast.ttl !== undefined) port.setMulticastTTL(multicast.ttl);
    if (multicast.loopback !== undefined) port.setMulticastLoopback(multicast.loopback);
  } catch (error) {
    void port.close();
    throw error;
  }
  return port;
}

import type { SocketAddress } from '../address/socket-address.ts';
import type { Connection, PeerCredentials } from '../engine/contract/connection.ts';
import type { ProxyFacts } from '../proxy-protocol/proxy-header.ts';
import type { TLSFacts } from '../tls/tls-facts.ts';

/** Between whom a socket's connection is, and what they have agreed on; also once it is closed. */
export abstract class ConnectionFacts<Address extends SocketAddress> {
  /** Another one after a TLS handshake. */
  protected connection: Connection;

  protected constructor(connection: Connection) {
    this.connection = connection;
  }

  /** What the TLS handshake agreed on, and the peer's certificate; `undefined` on a plain connection. */
  get tls(): TLSFacts | undefined {
    return this.connection.tls;
  }

  /** What the PROXY header of the connection said; `undefined` where it came without. */
  get proxy(): ProxyFacts | undefined {
    return this.connection.proxy;
  }

  /**
   * The process at the other end of a Unix socket, as it was when the connection was made; `undefined` elsewhere, and
   * where the engine cannot tell: the native one can. [unix(7): SO_PEERCRED]
   */
  get peerCredentials(): PeerCredentials | undefined {
    return this.connection.peerCredentials;
  }

  /**
   * The other end of the connection, and where it came with a PROXY header that names a client, that client: what the
   * handler has as `clientAddress`. `proxy.peerAddress` is the proxy then.
   */
  getpeername(): Address {
    return this.connection.remoteAddress as Address;
  }

  /** The own end of the connection; where a client behind a proxy connected to is `proxy.destination`. */
  getsockname(): Address {
    return this.connection.localAddress as Address;
  }

  /** The descriptor, or -1 when closed or where the platform shows none. */
  fileno(): number {
    return this.connection.fd;
  }
}

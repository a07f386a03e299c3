import type { SocketAddress } from '../address/socket-address.ts';
import type { ResolvedProxyOptions } from '../connection/proxy-options.ts';
import { receiveProxyHeader } from '../connection/receive-proxy-header.ts';
import { proxyAcceptedChannel, proxyFailedChannel } from '../diagnostics/proxy-events.ts';
import type { Connection } from '../engine/contract/connection.ts';
import { ProxyHeaderError } from '../errors/proxy-header-error.ts';
import type { Preparation } from './prepared-listener.ts';

/** What a {@link ProxyPreparation} goes by. */
export interface ProxyPreparationParts {
  readonly options: ResolvedProxyOptions;
  readonly proxyHeaderMs: number;
  readonly serverAddress: () => SocketAddress;
  /** Learns of a connection that was reset. */
  readonly failed: (connection: Connection) => void;
}

/** Reads the PROXY headers of those who are to send them, and deals with the others as the options say. */
export class ProxyPreparation implements Preparation {
  readonly #parts: ProxyPreparationParts;

  constructor(parts: ProxyPreparationParts) {
    this.#parts = parts;
  }

  get maxClients(): number {
    return this.#parts.options.maxHeaders;
  }

  prepare(connection: Connection, signal: AbortSignal): Promise<Connection> | Connection {
    const { peers, others } = this.#parts.options;
    if (peers.includes(connection.remoteAddress)) return this.#receive(connection, signal);
    if (others === 'serve') return connection;
    connection.reset();
    throw new ProxyHeaderError('the peer is none of those who are to send one', {
      fault: 'untrusted',
      offset: 0,
    });
  }

  failed(connection: Connection, error: Error): void {
    const { failed, serverAddress } = this.#parts;
    failed(connection);
    if (!proxyFailedChannel.hasSubscribers) return;
    const { remoteAddress: peerAddress } = connection;
    proxyFailedChannel.publish({ serverAddress: serverAddress(), peerAddress, error });
  }

  async #receive(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { options, proxyHeaderMs, serverAddress } = this.#parts;
    const { maxHeaderBytes } = options;
    const proxied = await receiveProxyHeader(connection, { proxyHeaderMs, maxHeaderBytes, signal });
    if (proxyAcceptedChannel.hasSubscribers) {
      const { remoteAddress: clientAddress, proxy } = proxied;
      proxyAcceptedChannel.publish({ serverAddress: serverAddress(), clientAddress, proxy });
    }
    return proxied;
  }
}

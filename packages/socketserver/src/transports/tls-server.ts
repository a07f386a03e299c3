import { randomBytes } from 'node:crypto';
import type { InheritedSocket } from '../address/inherited-socket.ts';
import type { InetAddress } from '../address/socket-address.ts';
import { handshakeFacts } from '../diagnostics/tls-events.ts';
import type { Connection, Listener } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { BindOptions } from '../engine/contract/request-source.ts';
import { secureConnection } from '../engine/tls/secure-connection.ts';
import { anything, type OptionRules } from '../options/check-options.ts';
import { createTLSContexts, type TLSContexts } from '../tls/tls-contexts.ts';
import { loadTLSMaterial, type TLSMaterial } from '../tls/tls-material.ts';
import { checkTLSOptions, type OptionPlace, type TLSOptions } from '../tls/tls-options.ts';
import type { LimitParts } from '../server/stream-limits.ts';
import type { ConnectionSetup } from '../workers/messages/worker-start.ts';
import { checkServerOptions } from '../server/server-options.ts';
import { type InetFamily, type InetOptions, inetOptionRules } from './inet-options.ts';
import { type InetServerAddress, readInetServerAddress } from './server-address.ts';
import { streamOptionRules, type StreamServerOptions } from './stream-options.ts';
import { type StreamHandlerClass, StreamServer } from './stream-server.ts';
import { type TLSLimitOptions, TLSLimits } from './tls-limits.ts';

/** What a TLS server takes. */
export interface TLSServerOptions extends StreamServerOptions, InetOptions {
  /** Certificates, and what is asked of clients. */
  readonly tls: TLSOptions;
  /** How much the server takes on. */
  readonly limits?: TLSLimitOptions | undefined;
}

const tlsServerOptionRules: OptionRules<TLSServerOptions> = {
  ...streamOptionRules,
  ...inetOptionRules,
  tls: anything, // a group, checked by checkTLSOptions()
  limits: anything, // a group, checked by TLSLimits
};

/**
 * A TLS server that serves one connection after the other; later clients wait, in the order in which they got
 * through the handshake. Handshakes run beside the handlers: they hold nobody up, and have `timeouts.handshakeMs`.
 *
 * What a handshake agreed on, and who the client is, is in `request.tls`.
 *
 * @example
 * await using server = new TLSServer(['127.0.0.1', 8443], Echo, {
 *   tls: { cert: { file: 'server.pem' }, key: { file: 'server.key' } },
 * });
 * await server.serveForever();
 *
 * @see Node's `tls.createServer`
 */
export class TLSServer extends StreamServer<InetAddress> {
  /** What `''` and `'localhost'` stand for; `undefined` takes the family of the host. */
  static readonly addressFamily: InetFamily | undefined = undefined;

  declare readonly limits: TLSLimits;
  readonly #options: Readonly<TLSServerOptions>;
  /** For session tickets: kept when certificates are reloaded. */
  readonly #ticketKeys = randomBytes(48);
  #tls: Readonly<TLSOptions>;
  #material: TLSMaterial;
  #contexts: TLSContexts;

  /**
   * Reads the certificates, binds and listens.
   *
   * @param serverAddress - `['127.0.0.1', 8443]`, `{ host, port }` or text; port 0 takes a free one. Or an inherited
   *   socket: `fromSystemd()`, `{ fd }`.
   * @throws {@link CertificateError} (`BAD_CERTIFICATE`); the operating system's error (`ENOENT`, `EADDRINUSE`, ...);
   *   TypeError and RangeError for wrong arguments. Nothing is left open.
   */
  constructor(
    serverAddress: InetServerAddress,
    RequestHandlerClass: StreamHandlerClass<InetAddress>,
    options: TLSServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkServerOptions(options, tlsServerOptionRules, { action, Class: new.target });
    const family = checked.addressFamily ?? new.target.addressFamily;
    const context = { kind: 'TCP', options: checked, action, family } as const;
    super(readInetServerAddress(serverAddress, context), RequestHandlerClass, checked);
    this.#options = checked;
    this.#tls = checkTLSOptions(checked.tls, groupOf(action));
    this.#material = this.#load(this.#tls, action);
    this.#contexts = createTLSContexts(this.#material, groupOf(action));
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }

  /**
   * Takes new certificates for the handshakes that begin from now on; connections that are open stay as they are.
   * When it throws, nothing has changed.
   *
   * @param tls - replaces the whole group; without it the files of the current one are read again.
   * @throws as the constructor does.
   */
  reloadTLS(tls?: TLSOptions): void {
    const action = 'Cannot reloadTLS';
    const checked = tls === undefined ? this.#tls : checkTLSOptions(tls, groupOf(action));
    const material = this.#load(checked, action);
    this.#contexts = createTLSContexts(material, groupOf(action));
    this.#material = material;
    this.#tls = checked;
    this.connectionSetupChanged();
  }

  protected override createLimits(given: TLSLimitOptions | undefined, parts: LimitParts): TLSLimits {
    return new TLSLimits(given, parts);
  }

  protected override bindOptions(): BindOptions {
    return { ...super.bindOptions(), ipv6Only: this.#options.ipv6Only ?? false };
  }

  protected override bindSource(
    engine: Engine,
    address: InetAddress | InheritedSocket<InetAddress>,
  ): Listener {
    const listener = super.bindSource(engine, address);
    if (this.servesInWorkers) return listener; // they do the handshakes too
    const { limits } = this;
    return this.prepared(listener, {
      get maxClients() {
        return limits.maxHandshakes;
      },
      prepare: (connection, signal) => this.#secure(connection, signal),
      failed: (connection, error) => {
        const { remoteAddress } = connection;
        this.preparationFailed(connection);
        this.teller.handshakeFailed(remoteAddress as InetAddress, error);
      },
    });
  }

  /** A handshake comes first. */
  protected override get plainListener(): undefined {
    return undefined;
  }

  protected override connectionSetup(): ConnectionSetup {
    return { ...super.connectionSetup(), tls: this.#material };
  }

  async #secure(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { handshakeMs } = this.timeouts;
    const begunAt = performance.now();
    const secured = await secureConnection(connection, this.#contexts, { handshakeMs, signal });
    const { remoteAddress, tls } = secured;
    this.teller.handshakeDone(
      remoteAddress as InetAddress,
      handshakeFacts(tls!, performance.now() - begunAt),
    );
    return secured;
  }

  #load(tls: TLSOptions, action: string): TLSMaterial {
    return loadTLSMaterial(tls, { ...groupOf(action), ticketKeys: this.#ticketKeys });
  }
}

/** Where messages about the group point. */
function groupOf(action: string): OptionPlace {
  return { action, path: 'options.tls' };
}

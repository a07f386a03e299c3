import type { SocketAddress } from '../address/socket-address.ts';

/** What carried the client's connection, as far as a header says. */
export type ProxyTransport = 'TCP4' | 'TCP6' | 'UDP4' | 'UDP6' | 'UNIX_STREAM' | 'UNIX_DATAGRAM' | 'UNKNOWN';

/** An extension of a version 2 header, as it stands there. */
export interface ProxyTLV {
  /** 0 to 255; 0xE0 to 0xEF are for applications, 0xF0 to 0xF7 for experiments. */
  readonly type: number;
  /** At most 65,535 bytes. */
  readonly value: Buffer;
}

/** What a proxy tells about the TLS connection that it ended for the client. */
export interface ProxySSL {
  /** Whether the client speaks TLS with the proxy. */
  readonly usesTLS: boolean;
  /** Whether the client showed a certificate on this connection. */
  readonly certificateOnConnection: boolean;
  /** Whether it showed one at least once in its TLS session, which may have begun on an earlier connection. */
  readonly certificateInSession: boolean;
  /**
   * Whether the client showed a certificate and the proxy believes it. Look at this and not at {@link verifyResult},
   * which HAProxy leaves at 0 for a client that showed none.
   */
  readonly verified: boolean;
  /** The proxy's result of the verification, 32 bits; 0 is good, others are mostly OpenSSL's `X509_V_ERR_` numbers. */
  readonly verifyResult: number;
  /** Such as `'TLSv1.3'`. */
  readonly version: string | undefined;
  /** The common name of the client's certificate. Worth something only where {@link verified}. */
  readonly commonName: string | undefined;
  /** The cipher suite, such as `'TLS_AES_256_GCM_SHA384'`. */
  readonly cipher: string | undefined;
  /** What signed the proxy's own certificate, such as `'RSA-SHA256'`. */
  readonly signatureAlgorithm: string | undefined;
  /** The key of the proxy's own certificate, such as `'RSA2048'`. */
  readonly keyAlgorithm: string | undefined;
  /** Parts that have no name here, in their order. */
  readonly tlvs: readonly ProxyTLV[];
}

/** What proxies tell beyond addresses, by the extensions of version 2. */
export interface ProxyExtensions {
  /** The application protocol that client and proxy agreed on, such as `'h2'`. */
  readonly alpn: string | undefined;
  /** The host name that the client asked for; with TLS its SNI. */
  readonly authority: string | undefined;
  /** What names the connection in the proxy's log: at most 128 bytes. */
  readonly uniqueId: Buffer | undefined;
  /** What the proxy tells about the client's TLS. */
  readonly ssl: ProxySSL | undefined;
  /** The network namespace in which the proxy took the connection. */
  readonly netns: string | undefined;
  /** Whether the header came with a CRC32c, which is right then. */
  readonly hasChecksum: boolean;
  /** Extensions that have no name here, such as those of cloud providers, in their order. */
  readonly tlvs: readonly ProxyTLV[];
}

/** What a PROXY header says about a connection. Frozen. @see HAProxy's `doc/proxy-protocol.txt` */
export interface ProxyHeader extends ProxyExtensions {
  /** 1 is a line of text, 2 is binary and has extensions. */
  readonly version: 1 | 2;
  /** `'LOCAL'` for a connection of the proxy's own, such as a health check: it stands for no client. */
  readonly command: 'PROXY' | 'LOCAL';
  /** What carried the client's connection; `'UNKNOWN'` where the header has no addresses. */
  readonly transport: ProxyTransport;
  /** The client; `undefined` where the header does not say. */
  readonly source: SocketAddress | undefined;
  /** Where the client connected to; `undefined` where the header does not say. */
  readonly destination: SocketAddress | undefined;
}

/** What is known of a connection that came with a PROXY header: `request.proxy`. Frozen. */
export interface ProxyFacts extends ProxyHeader {
  /** The proxy itself: the other end of the connection, as the operating system knows it. */
  readonly peerAddress: SocketAddress;
}

/** Either all of a header, or how much is certainly missing. */
export type ParsedProxyHeader =
  | {
      readonly header: ProxyHeader;
      /** Bytes of the header; what follows them is the client's. */
      readonly length: number;
    }
  | {
      readonly header: undefined;
      /** Bytes that must come before there can be a header. So many may be read without reading beyond its end. */
      readonly missing: number;
    };

/** The extensions of a header that has none. */
export const noExtensions: ProxyExtensions = Object.freeze({
  alpn: undefined,
  authority: undefined,
  uniqueId: undefined,
  ssl: undefined,
  netns: undefined,
  hasChecksum: false,
  tlvs: Object.freeze([]),
});

import type { Duplex } from 'node:stream';
import type { SocketAddress } from '../address/socket-address.ts';
import { handshakeFacts } from '../diagnostics/tls-events.ts';
import { leaveEngine } from '../engine/connection-duplex.ts';
import type { HandshakeOptions } from '../engine/tls/complete-handshake.ts';
import { secureClientConnection } from '../engine/tls/secure-client-connection.ts';
import { secureConnection } from '../engine/tls/secure-connection.ts';
import type { Connection } from '../engine/contract/connection.ts';
import { ConnectionClosedError } from '../errors/connection-errors.ts';
import type { ClientTLSOptions } from '../tls/client-tls-options.ts';
import type { TLSOptions } from '../tls/tls-options.ts';
import { clientContextFor, serverContextsFor } from '../tls/upgrade-contexts.ts';
import { DetachedStream } from './detached-stream.ts';
import { SendingSocket } from './sending-socket.ts';

const closedMeanwhile = 'The connection was closed while its TLS handshake ran';

/** The side of TLS that we are: the server, or the client, who must say whom it expects. */
export type StartTLSOptions = TLSOptions | (ClientTLSOptions & { readonly serverName: string });

type Handshake = (connection: Connection, options: HandshakeOptions) => Promise<Connection>;

/**
 * The part of a `StreamSocket` that makes something else of its connection.
 *
 * @typeParam Address - as of `StreamSocket`.
 */
export abstract class UpgradableSocket<
  Address extends SocketAddress = SocketAddress,
> extends SendingSocket<Address> {
  /**
   * Gives the connection away as a stream of Node's, for `node:http`, `ws`, `pipeline()` or any other library. No byte is
   * lost: what was read and not taken (peeked at, behind a line, behind a frame) comes first.
   *
   * The stream is the caller's: timeouts of this socket and the server's deadlines do not apply to it, it stays half-open
   * when the peer ends, and whoever has it ends it, also after the handler has returned. Of this socket, {@link signal},
   * {@link reset} and what it says of itself (addresses, `tls`, `proxy`, `bytesRead`, ...) go on to work; `close()` does
   * nothing, and everything else fails with the `code` `CONNECTION_CLOSED`. The server counts the connection as open until
   * the stream is closed, and a drain resets it when its time is over.
   *
   * @returns a `net.Socket`, with TLS a `tls.TLSSocket`; or where the engine has none to give (in memory, relayed to a
   *   thread, still sending, closed by the peer), a `Duplex` that behaves as one.
   * @throws TypeError while a read or a send of this socket waits; the connection's failure;
   *   {@link ConnectionClosedError}.
   */
  detach(): Duplex {
    const isWriteEnded = this.state === 'write-ended';
    const sink = this.giveAway('detach', 'detached');
    this.getsockname(); // the engine can tell now, and remembers it
    this.getpeername();
    const stream = leaveEngine(sink.connection, sink.leave());
    this.remote = new DetachedStream(stream, sink);
    if (isWriteEnded) stream.end();
    return stream;
  }

  /**
   * Encrypts the connection from here on, after bytes that went over it in the clear: STARTTLS. With `cert` and `key` we are
   * the TLS server, with `serverName` the TLS client, whichever side has connected. {@link tls} tells of the handshake then,
   * and `bytesRead` and `bytesWritten` go on.
   *
   * The certificates of an options object are read once: give the same object again for each connection, and a new one
   * when the certificates have changed.
   *
   * What the peer sent before and nobody has read is taken for the beginning of its handshake, never for data: plain text
   * there fails it, so that nothing is smuggled in (CVE-2011-0411). A server's that comes before our own handshake fails it
   * whatever it is.
   *
   * The handshake has `timeouts.handshakeMs` of the server, and 10 s on a socket of `connect()`. While it runs, every other
   * operation is refused, and `close()` resets. A server whose request becomes a TLS server so tells of it as a `TLSServer`
   * does, by `socketserver:tls:established` or `socketserver:tls:failed`.
   *
   * @throws {@link TLSHandshakeError}: the connection is closed then, and later operations fail with the same. With nothing
   *   changed: TypeError for wrong options, while a read or a send waits, and on a connection that is encrypted already;
   *   {@link CertificateError}; errors of the system about files; the connection's failure.
   * @see RFC 3207 (SMTP), RFC 8446
   */
  async startTLS(options: StartTLSOptions): Promise<void> {
    if (this.state !== 'open') throw this.refusal('startTLS');
    if (this.tls !== undefined)
      throw new TypeError('Cannot startTLS: the connection must be plain, got one with TLS');
    const { handshake, isServer } = handshakeFor(options);
    const handshaking = new AbortController();
    const sink = this.giveAway('startTLS', 'securing');
    const { bytesRead, bytesWritten } = sink;
    this.remote = {
      bytesRead,
      bytesWritten,
      interrupt() {}, // it comes to its end within handshakeMs and what verifyServer takes
      reset: (reason) => handshaking.abort(reason ?? new ConnectionClosedError(closedMeanwhile)),
    };
    const begunAt = performance.now();
    try {
      const { signal } = handshaking;
      const { handshakeMs } = this.host;
      const secured = await handshake(sink.connection, { ...sink.leave(), handshakeMs, signal });
      if (signal.aborted) secured.reset(); // in the very moment in which it was done
      signal.throwIfAborted();
      this.goOn(secured);
    } catch (error) {
      this.endedElsewhere(error as Error);
      if (isServer) this.host.handshakeFailed(this, error as Error);
      throw error;
    }
    if (isServer) this.host.handshakeDone(this, handshakeFacts(this.tls!, performance.now() - begunAt));
  }
}

/** @returns the handshake, and whether we are the server in it. */
function handshakeFor(options: StartTLSOptions): {
  readonly handshake: Handshake;
  readonly isServer: boolean;
} {
  const action = 'Cannot startTLS';
  if (typeof options === 'object' && options !== null && 'serverName' in options) {
    const context = clientContextFor(options, action);
    return {
      handshake: (connection, how) => secureClientConnection(connection, context, how),
      isServer: false,
    };
  }
  const contexts = serverContextsFor(options, action);
  return { handshake: (connection, how) => secureConnection(connection, contexts, how), isServer: true };
}

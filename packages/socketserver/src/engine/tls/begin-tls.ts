import { TLSHandshakeError } from '../../errors/tls-errors.ts';
import { leaveEngine, type ReadSoFar } from '../connection-duplex.ts';
import type { Connection } from '../contract/connection.ts';
import type { NodeStream } from '../contract/node-stream.ts';
import type { TLSStream } from './tls-connection.ts';

const nothing = Buffer.alloc(0);

/** The type of the record that a ClientHello comes in. [RFC 8446 5.1] */
const handshakeRecord = 22;

/** What a handshake runs on, and what stays true of the connection. */
type Begun = Omit<TLSStream, 'socket' | 'tls'>;

/**
 * Has a connection carry a TLS handshake from here on.
 *
 * What was read of it and not taken goes to the handshake, where that can be a part of it: nothing of it may ever be taken
 * for data that TLS protects.
 *
 * @param peer - who is at the other end. A server speaks second. [RFC 8446 4.1]
 * @throws TLSHandshakeError, with the connection ended, for bytes that are no part of a handshake.
 */
export function beginTLS(connection: Connection, peer: 'client' | 'server', read: ReadSoFar = {}): Begun {
  const { localAddress, remoteAddress, proxy, peerCredentials, clock } = connection;
  const { unread = nothing } = read;
  const carrier: NodeStream = leaveEngine(connection, read);
  carrier.on('error', reportedByTLS);
  if (unread.length > 0 && (peer === 'server' || unread[0] !== handshakeRecord)) {
    carrier.destroy();
    throw new TLSHandshakeError(
      `the ${peer} sent ${unread.length} bytes before it, in plain text`,
      'protocol',
    );
  }
  return { carrier, localAddress, remoteAddress, proxy, peerCredentials, clock };
}

/** The TLS socket on top reports what its carrier meets. [Node: TLSSocket] */
function reportedByTLS(): void {}

import type { SocketAddress, StreamSocket } from 'socketserver';
import { fingerprintOf } from '../trust/fingerprint.ts';
import { describePrincipal, type Principal } from '../trust/principal.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { ServerService } from './server-service.ts';

/** What both sides call the protocol within TLS. [RFC 7301] */
export const alpnProtocol = 'rcmd/1';

/** Who a client is, or why it may not come in. */
export type Authentication =
  | { readonly isAllowed: true; readonly context: ConnectionContext }
  | { readonly isAllowed: false; readonly reason: string };

/** Finds out who is at the other end: the holder of a key on TLS, a user on a Unix socket. */
export function authenticate(
  request: StreamSocket,
  clientAddress: SocketAddress,
  service: ServerService,
): Authentication {
  if (typeof clientAddress === 'string') return localUser(request);
  const { tls } = request;
  if (tls === undefined) return deny('it did not encrypt');
  if (tls.alpnProtocol !== alpnProtocol) return deny('it does not speak rcmd');
  if (tls.peerCertificate === undefined) return deny('it showed no key');
  const fingerprint = fingerprintOf(tls.peerCertificate);
  const principal = service.principalOf(fingerprint);
  if (principal === undefined) return deny(`the key ${fingerprint} is not in authorized_keys`);
  return allow(principal, { owner: fingerprint, address: clientAddress[0] });
}

/** The permissions of the socket let nobody else in; where the system tells who it is, that is checked too. */
function localUser({ peerCredentials }: StreamSocket): Authentication {
  const own = process.getuid?.();
  const uid = peerCredentials?.uid;
  if (uid !== undefined && uid !== own && uid !== 0) return deny(`user ${uid} may not use this socket`);
  const owner = `uid:${uid ?? own ?? 'own'}`;
  return allow({ kind: 'user', uid, pid: peerCredentials?.pid }, { owner, address: 'unix' });
}

function allow(
  principal: Principal,
  { owner, address }: { readonly owner: string; readonly address: string },
): Authentication {
  const connectionId = crypto.randomUUID();
  const facts = { connectionId, address, principal: describePrincipal(principal) };
  return {
    isAllowed: true,
    context: { connectionId, asker: { principal, address }, owner, facts },
  };
}

function deny(reason: string): Authentication {
  return { isAllowed: false, reason };
}

import type { SocketAddress, StreamSocket } from 'socketserver';
import { fingerprintOf } from '../trust/fingerprint.ts';
import { describePrincipal, type Principal } from '../trust/principal.ts';
import { alpnProtocol } from '../protocol/hello.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { RefusalFault } from './core/intake-guard.ts';
import type { ServerService } from './server-service.ts';

/** Who a client is, or why it may not come in. */
export type Authentication =
  | { readonly isAllowed: true; readonly context: ConnectionContext }
  | { readonly isAllowed: false; readonly fault: RefusalFault; readonly reason: string };

/** Finds out who is at the other end: the holder of a key on TLS, a user on a Unix socket. */
export async function authenticate(
  request: StreamSocket,
  clientAddress: SocketAddress,
  service: ServerService,
): Promise<Authentication> {
  if (typeof clientAddress === 'string') return localUser(request);
  const { tls } = request;
  if (tls?.alpnProtocol !== alpnProtocol) return deny('protocol', 'it does not speak rcmd');
  if (tls.peerCertificate === undefined) return deny('no-key', 'it showed no key');
  const fingerprint = fingerprintOf(tls.peerCertificate);
  const [address] = clientAddress;
  const verdict = await service.lookUp({ fingerprint, address });
  if (!verdict.isKnown) return deny('unknown-key', verdict.reason);
  const principal = { kind: 'key', fingerprint, comment: verdict.comment } as const;
  return allow({ principal, owner: fingerprint, address, rights: verdict.rights });
}

/** The permissions of the socket let nobody else in; where the system tells who it is, that is checked too. */
function localUser({ peerCredentials }: StreamSocket): Authentication {
  const own = process.getuid?.();
  const uid = peerCredentials?.uid;
  if (uid !== undefined && uid !== own && uid !== 0) {
    return deny('unknown-key', `user ${uid} may not use this socket`);
  }
  const owner = `uid:${uid ?? own ?? 'own'}`;
  return allow({ principal: { kind: 'user', uid, pid: peerCredentials?.pid }, owner, address: 'unix' });
}

function allow({
  principal,
  owner,
  address,
  rights,
}: Pick<ConnectionContext, 'owner' | 'rights'> & {
  readonly principal: Principal;
  readonly address: string;
}): Authentication {
  const connectionId = crypto.randomUUID();
  const facts = { connectionId, address, principal: describePrincipal(principal) };
  return {
    isAllowed: true,
    context: { connectionId, asker: { principal, address }, owner, facts, rights },
  };
}

function deny(fault: RefusalFault, reason: string): Authentication {
  return { isAllowed: false, fault, reason };
}

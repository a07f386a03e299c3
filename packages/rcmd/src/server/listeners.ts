import { dirname } from 'node:path';
import { ConcurrentTLSServer, ConcurrentUnixStreamServer } from 'socketserver';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';
import type { Identity } from '../trust/identity.ts';
import { alpnProtocol } from './authenticate.ts';
import type { ListenAddress } from './listen-address.ts';
import { RcmdHandler } from './rcmd-handler.ts';

/** A server of the library's, listening. */
export type Listener = ConcurrentTLSServer | ConcurrentUnixStreamServer;

/** What the listeners of a server have in common. */
export interface ListenerParts {
  readonly identity: Identity;
  readonly workerData: unknown;
  readonly authenticationMs: number;
  readonly drainMs: number;
}

/** Binds and listens. @throws the system's error (`EADDRINUSE`); RcmdError `UNSAFE_PATH`. */
export function listen(
  address: ListenAddress,
  { identity, workerData, authenticationMs, drainMs }: ListenerParts,
): Listener {
  const timeouts = { handshakeMs: authenticationMs, drainMs };
  if (address.kind === 'unix') {
    makePrivateFolder(dirname(address.path));
    const mode = 0o600;
    return new ConcurrentUnixStreamServer(address.path, RcmdHandler, { workerData, timeouts, mode });
  }
  const { cert, key } = identity;
  return new ConcurrentTLSServer([address.host, address.port], RcmdHandler, {
    workerData,
    timeouts,
    tls: {
      cert,
      key,
      minVersion: 'TLSv1.3',
      alpnProtocols: [alpnProtocol],
      clientCertificates: { mode: 'request' },
    },
  });
}

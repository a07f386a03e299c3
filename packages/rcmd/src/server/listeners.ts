import { dirname } from 'node:path';
import {
  ConcurrentTCPServer,
  ConcurrentUnixStreamServer,
  ForkingTCPServer,
  ForkingUnixStreamServer,
  ThreadingTCPServer,
  ThreadingUnixStreamServer,
} from 'socketserver';
import { requirePrivateFolder } from '../paths/rcmd-paths.ts';
import { isUnixSocket, requirePrivateSocket } from './inherited-listener.ts';
import type { ClassicHandler } from './classic/classic-handler.ts';
import { GuardMixIn } from './guarded-server.ts';
import type { HandlerData } from './handler-data.ts';
import type { ListenAddress } from './listen-address.ts';
import type { RcmdHandler } from './rcmd-handler.ts';

/** Where connections are served: on the event loop of the server, in threads, or in child processes. */
export type ConcurrencyModel = 'concurrent' | 'threading' | 'forking';

class ConcurrentTCP extends GuardMixIn(ConcurrentTCPServer) {}
class ThreadingTCP extends GuardMixIn(ThreadingTCPServer) {}
class ForkingTCP extends GuardMixIn(ForkingTCPServer) {}
class ConcurrentUnix extends GuardMixIn(ConcurrentUnixStreamServer) {}
class ThreadingUnix extends GuardMixIn(ThreadingUnixStreamServer) {}
class ForkingUnix extends GuardMixIn(ForkingUnixStreamServer) {}

const tcpServers = { concurrent: ConcurrentTCP, threading: ThreadingTCP, forking: ForkingTCP };
const unixServers = { concurrent: ConcurrentUnix, threading: ThreadingUnix, forking: ForkingUnix };

/** A server of the library's, listening. */
export type Listener = InstanceType<
  (typeof tcpServers)[ConcurrencyModel] | (typeof unixServers)[ConcurrencyModel]
>;

/** Connections that one process serves at once: fewer processes than clients, and a crash that takes few of them. */
const connectionsPerProcess = 32;

const workers = {
  // The pipes of commands are closed by those who get them, Node's sockets and their children.
  threading: { trackUnmanagedFds: false },
  forking: { requestsPerWorker: connectionsPerProcess },
};

/** What the listeners of a server have in common. */
export interface ListenerParts {
  readonly model: ConcurrencyModel;
  /** What serves the connections: clients of ours, or of the classic exchange. */
  readonly Handler: typeof RcmdHandler | typeof ClassicHandler;
  readonly workerData: HandlerData;
  readonly authenticationMs: number;
  readonly drainMs: number;
}

/** Binds and listens. @throws the system's error (`EADDRINUSE`); RcmdError `UNSAFE_PATH`. */
export function listen(address: ListenAddress, parts: ListenerParts): Listener {
  const { model, workerData, Handler } = parts;
  const options = {
    workerData,
    timeouts: { drainMs: parts.drainMs, handshakeMs: parts.authenticationMs },
    ...(model !== 'concurrent' && { workers: workers[model] }),
  };
  if (address.kind === 'inherited') return takeOver(address, Handler, { model, options });
  if (address.kind === 'unix') {
    requirePrivateFolder(dirname(address.path));
    return new unixServers[model](address.path, Handler, { ...options, mode: 0o600 });
  }
  return new tcpServers[model]([address.host, address.port], Handler, options);
}

/**
 * Takes a socket that systemd listens on. Its path, where it has one, is as systemd has made it.
 *
 * @throws RcmdError `UNSAFE_PATH` for a path that others may open.
 */
function takeOver(
  { fd, name }: Extract<ListenAddress, { readonly kind: 'inherited' }>,
  Handler: ListenerParts['Handler'],
  { model, options }: { readonly model: ConcurrencyModel; readonly options: object },
): Listener {
  if (!isUnixSocket(fd)) return new tcpServers[model]({ fd, name }, Handler, options);
  const listener = new unixServers[model]({ fd, name }, Handler, options);
  try {
    requirePrivateSocket(listener.serverAddress);
    return listener;
  } catch (error) {
    void listener.serverClose();
    throw error;
  }
}

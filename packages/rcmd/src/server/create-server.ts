import { join } from 'node:path';
import type { SocketAddress } from 'socketserver';
import { AuditJournal } from '../audit/journal.ts';
import { RcmdError } from '../errors.ts';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';
import { reapAbandoned } from '../process/reaper.ts';
import { AuthorizedKeys, authorizedKeysFile } from '../trust/authorized-keys.ts';
import { type Identity, loadIdentity } from '../trust/identity.ts';
import { ClassicHandler } from './classic/classic-handler.ts';
import { CoreListener } from './core/core-listener.ts';
import { OwnCore } from './core/own-core.ts';
import { removeLeftFiles } from './left-files.ts';
import { keepFromCommands } from './inherited-listener.ts';
import { isLoopback, type ListenAddress } from './listen-address.ts';
import { listen, type Listener } from './listeners.ts';
import { RcmdHandler } from './rcmd-handler.ts';
import { RcmdServer } from './rcmd-server.ts';
import {
  makeServerFolders,
  type RcmdServerOptions,
  type ResolvedServerOptions,
  resolveServerOptions,
} from './server-options.ts';
import { ServerService } from './server-service.ts';

/**
 * Makes a server: reads its key (and makes one the first time), ends what an earlier server that was killed left behind,
 * and listens. Clients wait until `serve()`.
 *
 * Clients with the user's own key, and with those in `authorized_keys`, may come in over TLS; on a Unix socket the
 * server's user.
 *
 * @throws TypeError for wrong options; RcmdError `NO_AUTHORIZED_KEYS`, `UNSAFE_PATH`, `BAD_IDENTITY`, `NO_NATIVE`; the system's errors
 *   (`EADDRINUSE`, `EACCES`).
 *
 * @example
 * await using server = await createServer({ listen: 'unix:/run/user/1000/rcmd/demo.sock' });
 * await server.serve({ signals: ['SIGTERM', 'SIGINT'] });
 */
export async function createServer(options: RcmdServerOptions = {}): Promise<RcmdServer> {
  const resolved = resolveServerOptions(options);
  makeServerFolders(resolved.paths);
  const isOpen = resolved.listen.some((address) => isOpenToOthers(address));
  if (isOpen && resolved.callbacks.authorize === undefined) requireKeys(resolved.paths);
  await keepFromCommands(resolved.listen.concat(resolved.classic).flatMap(descriptorOf));
  const identity = await loadIdentity(resolved.paths.config);
  reapAbandoned(join(resolved.paths.runtime, 'commands'));
  removeLeftFiles(resolved.paths.runtime);
  await using parts = new AsyncDisposableStack();
  const server = await assemble(resolved, { identity, parts });
  return server(parts.move());
}

interface Assembly {
  readonly identity: Identity;
  /** What was made so far, to be undone in reverse. */
  readonly parts: AsyncDisposableStack;
}

async function assemble(
  { listen: addresses, classic, model, paths, drainMs, guard, callbacks, settings }: ResolvedServerOptions,
  { identity, parts }: Assembly,
): Promise<(parts: AsyncDisposableStack) => RcmdServer> {
  const shared = settings(identity);
  const journal = parts.adopt(new AuditJournal(shared.audit.folder), (one) => one.close());
  const core = new OwnCore({
    limits: shared.limits,
    guard,
    callbacks,
    record: (record) => journal.write(record),
  });
  parts.defer(() => core.close());
  const service =
    model === 'concurrent'
      ? parts.adopt(await ServerService.start(shared, core), (one) => one.close())
      : undefined;
  const data =
    service !== undefined
      ? { service }
      : { settings: shared, corePath: parts.use(new CoreListener(core, corePathIn(paths.runtime))).path };
  const { authenticationMs } = guard;
  const all = [
    ...addresses.map((address) => ({ address, Handler: RcmdHandler })),
    ...classic.map((address) => ({ address, Handler: ClassicHandler })),
  ];
  const listeners = all.map(({ address, Handler }, listener) => {
    const workerData = { listener, ...data };
    const one = parts.use(listen(address, { model, drainMs, authenticationMs, Handler, workerData }));
    one.guardBy(core, listener);
    return one;
  });
  if (model === 'threading') requirePrivateConnections(listeners);
  const open = listeners.slice(0, addresses.length).some((one) => isReachable(one.serverAddress));
  if (open && callbacks.authorize === undefined) requireKeys(paths);
  return (resources) =>
    new RcmdServer({
      core,
      listeners,
      secure: addresses.length,
      settings: shared,
      fingerprint: identity.fingerprint,
      kill: () => service?.kill(),
      resources,
    });
}

function descriptorOf(address: ListenAddress): number[] {
  return address.kind === 'inherited' ? [address.fd] : [];
}

/** Where workers reach the core: in a folder that is closed to others. */
function corePathIn(runtime: string): string {
  const folder = join(runtime, 'cores');
  makePrivateFolder(folder);
  return join(folder, `${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
}

/** For a server to which others could connect. @throws RcmdError `NO_AUTHORIZED_KEYS` where nobody may. */
function requireKeys(paths: ResolvedServerOptions['paths']): void {
  const file = authorizedKeysFile(paths.config);
  if (new AuthorizedKeys(file).read().keys.length > 0) return;
  throw new RcmdError(
    'NO_AUTHORIZED_KEYS',
    `Cannot listen beyond this machine: ${file} must name a client's key first; \`rcmd authorize KEY\` adds one`,
  );
}

/**
 * Node gives a connection that moves to a thread a descriptor which every program that is started meanwhile gets as well: the
 * commands of others.
 *
 * @throws RcmdError `NO_NATIVE` where connections move in that way.
 */
function requirePrivateConnections(listeners: readonly Listener[]): void {
  const isShared = ({ engine, serverAddress }: Listener): boolean =>
    engine === 'node' && typeof serverAddress !== 'string';
  if (!listeners.some((one) => isShared(one))) return;
  const why = 'commands would get the connections of other clients: that takes @socketserver/native';
  throw new RcmdError('NO_NATIVE', `Cannot serve a port in threads: ${why}, or the model forking`);
}

function isOpenToOthers(address: ListenAddress): boolean {
  return address.kind === 'tcp' && !isLoopback(address.host);
}

/** Whether others could connect to a socket: of systemd's, that shows only now. */
function isReachable(address: SocketAddress): boolean {
  return typeof address !== 'string' && !isLoopback(address[0]);
}

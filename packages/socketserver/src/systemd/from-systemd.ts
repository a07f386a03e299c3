import { describeDescriptor } from '../address/inherited-socket.ts';
import { SocketActivationError } from '../errors/socket-activation-error.ts';
import {
  listenVariables,
  parseListenEnvironment,
  type PassedSockets,
  type SystemdSocket,
} from './listen-environment.ts';

/** Read once: descriptors belong to the process, and so does what was said about them. */
let passed: PassedSockets | undefined;

/**
 * Gives a socket that systemd listens on, for a server to take instead of an address:
 *
 *     new ConcurrentTCPServer(fromSystemd('web'), Handler)
 *
 * The first call takes the variables `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` out of `process.env`, so that
 * child processes do not take the sockets for theirs.
 *
 * @param name - `FileDescriptorName=` of the socket's unit, or by default the name of the unit, such as `web.socket`;
 *   without it the only socket that there is.
 * @throws {@link SocketActivationError} (`SOCKET_ACTIVATION`) where there is no such socket, or more than one, with
 *   what there is.
 * @see sd_listen_fds(3), systemd.socket(5)
 */
export function fromSystemd(name?: string): SystemdSocket {
  const found = systemdSockets(name);
  if (found.length === 1) return found[0]!;
  throw new SocketActivationError(explain(name, found), systemdSockets());
}

/**
 * Gives all sockets that systemd has passed to this process, in the order of the unit's lines; none where it was started
 * otherwise. Several addresses in one `.socket` unit are several sockets of one name.
 *
 * @param name - as for {@link fromSystemd}; without it all of them.
 * @throws TypeError for variables that nobody can have meant.
 */
export function systemdSockets(name?: string): readonly SystemdSocket[] {
  passed ??= takeFromEnvironment();
  const { sockets } = passed;
  return name === undefined ? sockets : sockets.filter((socket) => socket.name === name);
}

function takeFromEnvironment(): PassedSockets {
  const taken = parseListenEnvironment(process.env, process.pid);
  for (const variable of listenVariables) delete process.env[variable];
  return taken;
}

function explain(name: string | undefined, found: readonly SystemdSocket[]): string {
  const asked = name === undefined ? 'fromSystemd()' : `fromSystemd('${name}')`;
  const start = `Cannot use systemd's socket: ${asked}`;
  const all = passed!;
  if ('because' in all) {
    return (
      `${start} finds that none was passed: ${all.because}. Start the program by its .socket unit, or by hand with` +
      ' systemd-socket-activate -l 8888 node server.js'
    );
  }
  const list = `systemd passed ${listSockets(all.sockets)}`;
  if (all.sockets.length === 0) return `${start} needs a socket, and ${list}`;
  if (found.length === 0) return `${start} needs a socket of that name, and ${list}`;
  const cure =
    name === undefined
      ? 'name one, or take them all with systemdSockets()'
      : `take them all with systemdSockets('${name}')`;
  return `${start} needs one socket, and ${list}; ${cure}`;
}

function listSockets(sockets: readonly SystemdSocket[]): string {
  if (sockets.length === 0) return 'none';
  return sockets.map(({ fd, name }) => `'${name}' (descriptor ${fd}, ${describeDescriptor(fd)})`).join(', ');
}

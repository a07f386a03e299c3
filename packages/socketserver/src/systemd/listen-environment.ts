import type { InheritedSocketInput } from '../address/inherited-socket.ts';

/** The descriptor of the first socket that systemd passes. [sd_listen_fds(3)] */
const firstDescriptor = 3;

/** The variables in which systemd says what it passes; the last says the same as LISTEN_PID in another way. */
export const listenVariables = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;

/** A socket that systemd listens on and has passed to this process. */
export interface SystemdSocket extends InheritedSocketInput {
  /** `FileDescriptorName=` of its unit, by default the unit's own name; `unknown` where nobody gave a name. */
  readonly name: string;
}

/** What the variables come to: the sockets, or why there are none. */
export type PassedSockets =
  | { readonly sockets: readonly SystemdSocket[] }
  | { readonly sockets: readonly []; readonly because: string };

/**
 * Reads the variables.
 *
 * @param env - the environment of this process.
 * @param pid - the number of this process: sockets may be meant for another one, whose child this is.
 * @throws TypeError for variables that nobody can have meant.
 * @see sd_listen_fds(3)
 */
export function parseListenEnvironment(env: Readonly<NodeJS.ProcessEnv>, pid: number): PassedSockets {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  if (LISTEN_FDS === undefined) return { sockets: [], because: 'LISTEN_FDS is not set' };
  if (LISTEN_PID === undefined) return { sockets: [], because: 'LISTEN_PID is not set' };
  const forPid = count('LISTEN_PID', LISTEN_PID);
  if (forPid !== pid) {
    return {
      sockets: [],
      because:
        `LISTEN_PID is ${forPid} and this process is ${pid}, so that the sockets are another process's;` +
        ' have ExecStart= run node itself, not npm or a shell',
    };
  }
  const length = count('LISTEN_FDS', LISTEN_FDS);
  const names = LISTEN_FDNAMES?.split(':');
  if (names !== undefined && length > 0 && names.length !== length) {
    throw new TypeError(
      `Cannot use systemd's sockets: LISTEN_FDNAMES must have ${length} names, as LISTEN_FDS says, got '${LISTEN_FDNAMES}'`,
    );
  }
  const sockets = Array.from({ length }, (_, index) =>
    Object.freeze({ fd: firstDescriptor + index, name: names?.[index] ?? 'unknown' }),
  );
  return { sockets: Object.freeze(sockets) };
}

/** More than any system lets a process open, so that a wrong number does not become a long list. */
const most = 2 ** 22;

function count(name: string, text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  const max = name === 'LISTEN_FDS' ? most : 2 ** 31 - 1;
  if (number <= max) return number;
  throw new TypeError(
    `Cannot use systemd's sockets: ${name} must be a number from 0 to ${max}, got '${text}'`,
  );
}

import { formatTarget } from '../client/target.ts';
import type { ConnectionLostError } from '../link/connection-lost-error.ts';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import { CliError } from './cli-error.ts';
import { configPath } from './config-file.ts';
import type { ResolvedTarget } from './resolve-target.ts';

/**
 * Says what a person can do about a connection that could not be made.
 *
 * @returns an error with the same `code`, so that programs tell them apart as before (`DENIED` and `BUSY` where the server has said that); the error
 *   itself where there is nothing to add.
 */
export function explainFailure(error: unknown, target: ResolvedTarget): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof AggregateError) return explainFailure(error.errors[0], target);
  // By what they have, and not by their class: what is built has each class twice. [scripts/bundle.js]
  const { code = '', goAway } = error as NodeJS.ErrnoException & Pick<Partial<ConnectionLostError>, 'goAway'>;
  const explain = goAway === undefined ? reasons[code] : refusals[goAway.code];
  const text = explain?.(target, goAway?.message ?? error.message);
  return text === undefined ? error : new CliError(goAway?.code ?? code, text, { cause: error });
}

type Explain = (target: ResolvedTarget, message: string) => string | undefined;

/** Where a server listens, and what the person calls it. */
function whereOf({ name, address, place }: ResolvedTarget): string {
  const where = formatTarget(place);
  return name === address ? where : `${name} (${where})`;
}

function hostOf({ place }: ResolvedTarget): string {
  return place.kind === 'tcp' ? place.host : place.path;
}

function noTarget({ name, address }: ResolvedTarget): string {
  return name === address ? `, and no target of that name in ${configPath(rcmdPaths().config)}` : '';
}

const noWay: Explain = (target, message) => {
  const what = message.includes('ENETUNREACH') ? 'network' : 'machine';
  return `There is no way from here to ${whereOf(target)}: is the ${what} up, and is that its address?`;
};

/** A server that turns everything away at once does not say why: that costs it nothing. */
const closedAtOnce: Explain = (target) =>
  `${whereOf(target)} closed the connection at once: is that rcmd serve? After attempts that failed it keeps an address out for a while; its log says so`;

/** By what the server has said. */
const refusals: Readonly<Record<string, Explain>> = {
  DENIED: (target, message) => {
    const refusal = `${whereOf(target)} does not let you in: ${message.replace(/^you may not come in: /, '')}`;
    // Whose key is known there gains nothing by its being written down once more.
    if (target.place.kind === 'unix' || !message.endsWith('is not in authorized_keys')) return refusal;
    return `${refusal}; on that machine: rcmd authorize KEY, with what rcmd key says here`;
  },
  BUSY: (target, message) => `${whereOf(target)} is busy: ${message}`,
};

/** By the code of the error. */
const reasons: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: (target) => {
    const how =
      target.place.kind === 'unix'
        ? `rcmd serve --listen unix:${target.place.path} running`
        : 'rcmd serve running there, on that port';
    return `Nothing listens on ${whereOf(target)}: is ${how}?`;
  },
  ECONNRESET: closedAtOnce,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EACCES: ({ place }) =>
    place.kind === 'unix'
      ? `This user may not use ${place.path}: a socket is for the user who runs its server, and nobody else`
      : undefined,
  ENOENT: (target) =>
    target.place.kind === 'unix'
      ? `There is no socket ${target.place.path}: is rcmd serve --listen unix:${target.place.path} running?`
      : undefined,
  ENOTFOUND: (target) => `There is no host ${hostOf(target)}${noTarget(target)}`,
  EAI_AGAIN: (target) =>
    `The host ${hostOf(target)} cannot be looked up, since no name server answers${noTarget(target)}`,
  HOST_KEY_CHANGED: (target, message) =>
    target.fingerprint === undefined
      ? `${message}: rcmd trust --forget ${formatTarget(target.place)}`
      : `${message}: targets.${target.name}.fingerprint in ${configPath(rcmdPaths().config)}`,
  CONNECT_TIMEOUT: ({ place }, message) =>
    `${message}: ${place.kind === 'unix' ? 'does the server there still answer others' : 'is that its address and port, and no firewall between'}?`,
  TLS_HANDSHAKE: (target, message) =>
    /closed the connection/.test(message)
      ? closedAtOnce(target, message)
      : `${whereOf(target)} is no server of rcmd, or no TLS goes through: is it the right port? (${message})`,
};

/** That a server does not do what it was asked for, once somebody is in. */
export function explainRefusal(error: unknown): unknown {
  const { goAway } = error as Partial<ConnectionLostError>;
  return goAway?.code === 'DENIED' ? new CliError('DENIED', goAway.message, { cause: error }) : error;
}

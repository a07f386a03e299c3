import { HostKeyError } from '../client/host-key.ts';
import { formatTarget } from '../client/target.ts';
import { RcmdError } from '../errors.ts';
import { ConnectionLostError } from '../link/connection-lost-error.ts';
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
  const { code } = error as NodeJS.ErrnoException;
  const { goAway } = error as Partial<ConnectionLostError>;
  const text =
    error instanceof HostKeyError
      ? changedKey(error, target)
      : (refusals[goAway?.code ?? ''] ?? reasons[code ?? ''])?.(target, goAway?.message ?? error.message);
  if (text === undefined) return error;
  return new CliError(goAway?.code ?? code ?? 'UNREACHABLE', text, { cause: error });
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
    if (target.place.kind === 'unix') return refusal;
    return `${refusal}; on that machine: rcmd authorize KEY, with what rcmd key says here`;
  },
  BUSY: (target, message) => `${whereOf(target)} is busy: ${message}`,
};

/** By the code of the error. */
const reasons: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: (target) =>
    `Nothing listens on ${whereOf(target)}: is rcmd serve running there, on that port?`,
  ECONNRESET: closedAtOnce,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  ENOENT: (target) =>
    target.place.kind === 'unix'
      ? `There is no socket ${target.place.path}: is rcmd serve --listen unix:${target.place.path} running?`
      : undefined,
  ENOTFOUND: (target) => `There is no host ${hostOf(target)}${noTarget(target)}`,
  EAI_AGAIN: (target) =>
    `The host ${hostOf(target)} cannot be looked up, since no name server answers${noTarget(target)}`,
  CONNECT_TIMEOUT: (_target, message) => `${message}: is that its address and port, and no firewall between?`,
  TLS_HANDSHAKE: (target, message) =>
    /closed the connection/.test(message)
      ? closedAtOnce(target, message)
      : `${whereOf(target)} is no server of rcmd, or no TLS goes through: is it the right port? (${message})`,
};

/** A key that has changed was remembered, or the configuration names it. */
function changedKey({ code, message, address }: HostKeyError, target: ResolvedTarget): string | undefined {
  if (code !== 'HOST_KEY_CHANGED') return undefined;
  if (target.fingerprint === undefined) return `${message}: rcmd trust --forget ${address}`;
  return `${message}: targets.${target.name}.fingerprint in ${configPath(rcmdPaths().config)}`;
}

/** That a server does not do what it was asked for, once somebody is in. */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError) || error.goAway?.code !== 'DENIED') return error;
  return new RcmdError('DENIED', error.goAway.message, { cause: error });
}

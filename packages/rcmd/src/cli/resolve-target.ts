import { rcmdPaths } from '../paths/rcmd-paths.ts';
import { parseTarget, type Target } from '../client/target.ts';
import { CliError } from './cli-error.ts';
import { type NamedTarget, readConfig } from './config-file.ts';
import type { HostKeyPolicy } from './host-key-policy.ts';

/** A server as a command is to use it. */
export interface ResolvedTarget extends NamedTarget {
  /** What the person called it. */
  readonly name: string;
  /** Where it listens. */
  readonly place: Target;
  readonly hostKeys: HostKeyPolicy;
}

/**
 * Finds out which server is meant: the target of this name, or the address itself.
 *
 * @param host - as the person wrote it; `undefined` for `RCMD_HOST`.
 * @param hostKeys - what the command line says about unknown servers.
 * @throws CliError `USAGE` where no server is named, `CONFIG` for a configuration that cannot be used.
 */
export function resolveTarget(host: string | undefined, hostKeys?: HostKeyPolicy): ResolvedTarget {
  const name = host ?? defaultHost();
  if (name === undefined) {
    throw new CliError(
      'USAGE',
      'Name a server: a target of the configuration, host[:port], unix:PATH, or RCMD_HOST',
    );
  }
  const config = readConfig(rcmdPaths().config);
  const target = config.targets.get(name) ?? { address: name };
  const place = placeOf(target.address);
  return { ...target, name, place, hostKeys: hostKeys ?? target.hostKeys ?? config.hostKeys };
}

function placeOf(address: string): Target {
  try {
    return parseTarget(address);
  } catch (error) {
    const problem = (error as Error).message.replace(/^Cannot connect: target/, 'HOST');
    throw new CliError('USAGE', problem, { cause: error });
  }
}

/** Where `rcmd serve` listens, if nobody says otherwise. */
export const thisMachine = '127.0.0.1:8888';

/** What `RCMD_HOST` says, if anything. */
export function defaultHost(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const host = env['RCMD_HOST'];
  return host === '' ? undefined : host;
}

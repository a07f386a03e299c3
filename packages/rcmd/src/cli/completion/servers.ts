import { printable } from '../../audit/printable.ts';
import { defaultPort } from '../../client/target.ts';
import { rcmdPaths } from '../../paths/rcmd-paths.ts';
import { KnownHosts, knownHostsFile } from '../../trust/known-hosts.ts';
import { readConfig } from '../config-file.ts';
import type { Candidate } from './candidates.ts';

/** Words that mean themselves to every shell: a name that a server has put into a file must not be part of a command. */
const isPlain = /^(?!-)[\w.:%@+[\]-]+$/;

/** The servers that may stand for HOST: the targets of the configuration, and those whose keys are known. */
export function completedServers(): Candidate[] {
  const { config } = rcmdPaths();
  const targets = [...readConfig(config).targets].map(([word, { address }]) => ({
    word,
    description: address,
  }));
  const usual = new RegExp(`:${defaultPort}$`);
  const known = new KnownHosts(knownHostsFile(config)).addresses();
  return [
    ...targets,
    ...known.map((address) => ({ word: address.replace(usual, ''), description: 'its key is known' })),
  ]
    .filter(({ word }) => isPlain.test(word))
    .map(({ word, description }) => ({ word, description: printable(description) }));
}

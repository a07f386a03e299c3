import { connectLink } from '../client/connect-link.ts';
import type { HostKeyFacts, HostKeyPolicy as LibraryPolicy } from '../client/host-key.ts';
import type { ClientLink } from '../link/client-link.ts';
import type { ResolvedTarget } from './resolve-target.ts';

/**
 * Connects to a server, and makes sure that it is the right one; asks the person where that is wanted.
 *
 * @throws CliError with what to do, and the `code` of what `connect()` throws; that itself where there is nothing to add.
 */
export async function openLink(target: ResolvedTarget): Promise<ClientLink> {
  const { fingerprint, hostKeys, place } = target;
  try {
    return await connectLink(place, {
      hostKeys: (fingerprint as `SHA256:${string}` | undefined) ?? policyOf(hostKeys),
    });
  } catch (error) {
    const { explainFailure } = await import('./connection-failure.ts');
    throw explainFailure(error, target);
  }
}

/** Asks whether a server is to be trusted. Its fingerprint is an answer, too, as with ssh(1). */
export async function askAboutKey({ address, fingerprint }: HostKeyFacts): Promise<boolean> {
  const { ask } = await import('../terminal/ask.ts');
  const answer = await ask(
    `The server ${address} is not known. Its key is\n  ${fingerprint}\nCompare it with what \`rcmd key\` says there. Trust it? [y/N] `,
  );
  return answer !== undefined && (/^\s*y(es)?\s*$/i.test(answer) || answer.trim() === fingerprint);
}

function policyOf(hostKeys: ResolvedTarget['hostKeys']): LibraryPolicy {
  // Where nobody sees the question, the error says what to do.
  if (hostKeys === 'ask') return process.stderr.isTTY ? askAboutKey : 'strict';
  return hostKeys;
}

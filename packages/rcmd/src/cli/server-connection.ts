import { connectLink } from '../client/connect-link.ts';
import { HostKeyError, type HostKeyFacts, type HostKeyPolicy as LibraryPolicy } from '../client/host-key.ts';
import type { ClientLink } from '../link/client-link.ts';
import { CliError } from './cli-error.ts';
import type { ResolvedTarget } from './resolve-target.ts';

/**
 * Connects to a server, and makes sure that it is the right one; asks the person where that is wanted.
 *
 * @throws CliError `REFUSED` for a server that is not trusted; what `connect()` throws.
 */
export async function openLink({ fingerprint, hostKeys, place }: ResolvedTarget): Promise<ClientLink> {
  try {
    return await connectLink(place, {
      hostKeys: (fingerprint as `SHA256:${string}` | undefined) ?? policyOf(hostKeys),
    });
  } catch (error) {
    throw error instanceof HostKeyError && error.code === 'HOST_KEY_CHANGED' ? withHint(error) : error;
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

function withHint(error: HostKeyError): CliError {
  return new CliError('REFUSED', `${error.message}: rcmd trust --forget ${error.address}`, { cause: error });
}

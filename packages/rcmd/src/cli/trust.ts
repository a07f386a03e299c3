import { formatTarget } from '../client/target.ts';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import { print, say } from '../terminal/print.ts';
import { reasonOf } from '../terminal/reason-of.ts';
import { fingerprintPattern } from '../trust/fingerprint.ts';
import { KnownHosts, knownHostsFile } from '../trust/known-hosts.ts';
import { CliError } from './cli-error.ts';
import type { TrustOptions } from './commands/trust.ts';
import { resolveTarget } from './resolve-target.ts';
import { openLink } from './server-connection.ts';

/** Remembers the key of a server, or forgets it. */
export async function trust(
  host: string,
  { fingerprint, forget }: TrustOptions & { readonly fingerprint: string | undefined },
): Promise<void> {
  const target = resolveTarget(host);
  if (target.place.kind === 'unix') {
    throw new CliError('USAGE', 'A Unix socket needs no key: its permissions say whose it is');
  }
  const address = formatTarget(target.place);
  const known = new KnownHosts(knownHostsFile(rcmdPaths().config));
  if (forget === true) {
    if (!known.remove(address)) throw new CliError('REFUSED', `${address} is not known`);
    return print(`${address} is forgotten`);
  }
  if (fingerprint !== undefined) return pin(known, address, fingerprint);
  await meet(() => openLink({ ...target, hostKeys: 'ask' }));
  await print(`${address} is trusted`);
}

function pin(known: KnownHosts, address: string, fingerprint: string): Promise<void> {
  if (!fingerprintPattern.test(fingerprint)) {
    throw new CliError(
      'USAGE',
      `A fingerprint must be SHA256: and 43 characters, as rcmd key shows it, got ${JSON.stringify(fingerprint)}`,
    );
  }
  const verdict = known.check(address, fingerprint);
  if (verdict.state === 'changed') {
    throw new CliError(
      'REFUSED',
      `${address} is known with the key ${verdict.known}; to replace it, first: rcmd trust --forget ${address}`,
    );
  }
  if (verdict.state === 'new') known.add(address, fingerprint);
  return print(`${address} is trusted`);
}

/** Shows the server's key to the person. That the server turns us away comes after that. */
async function meet(connect: () => ReturnType<typeof openLink>): Promise<void> {
  try {
    (await connect()).close();
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'DENIED') throw error;
    say(reasonOf(error));
  }
}

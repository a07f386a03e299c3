import { Command } from 'commander';
import { rcmdPaths } from '../../paths/rcmd-paths.ts';
import { print } from '../../terminal/print.ts';
import { CliError } from '../cli-error.ts';
import { collect } from '../collect.ts';
import { parseDuration } from '../../terminal/duration.ts';

interface AuthorizeOptions {
  readonly comment?: string;
  readonly command?: string;
  readonly allow?: readonly string[];
  readonly shell: boolean;
  readonly expires?: string;
  readonly from?: string;
  readonly acceptEnv?: readonly string[];
}

/** `rcmd authorize` */
export function authorizeCommand(): Command {
  return new Command('authorize')
    .summary('let a key in on this machine')
    .description('Adds a key to authorized_keys; a running server sees it at once.')
    .argument('<key>', 'its fingerprint, as `rcmd key` shows it on its machine')
    .option('-c, --comment <text>', 'whose it is, for people')
    .option('--command <line>', 'run this, whatever is asked for (RCMD_ORIGINAL_COMMAND)')
    .option('--allow <command>', 'run only this; * is any text in a word; repeatable', collect)
    .option('--no-shell', 'run no shell strings')
    .option('--expires <when>', 'such as 2027-01-31, or 30d for 30 days from now')
    .option('--from <ranges>', 'come from there only, such as 10.0.0.0/8,::1')
    .option('--accept-env <name>', 'set this variable too, such as PATH; repeatable', collect)
    .addHelpText(
      'after',
      `
Examples:
  rcmd authorize SHA256:... --comment ana@laptop
  rcmd authorize SHA256:... --allow 'systemctl status *' --expires 30d
To take it away again, delete its line.`,
    )
    .action(authorize);
}

async function authorize(key: string, options: AuthorizeOptions): Promise<void> {
  const { appendLine } = await import('../../trust/append-line.ts');
  const { AuthorizedKeys, authorizedKeysFile, formatAuthorizedKey, parseAuthorizedKeys } =
    await import('../../trust/authorized-keys.ts');
  const { fingerprintPattern } = await import('../../trust/fingerprint.ts');
  if (!fingerprintPattern.test(key)) {
    throw new CliError(
      'USAGE',
      `KEY must be SHA256: and 43 characters, as rcmd key shows it, got ${JSON.stringify(key)}`,
    );
  }
  const path = authorizedKeysFile(rcmdPaths().config);
  if (new AuthorizedKeys(path).find(key) !== undefined) {
    throw new CliError('REFUSED', `${key} is in ${path} already; change its line there`);
  }
  const line = formatAuthorizedKey(key, options.comment ?? '', optionsOf(options));
  const { keys, badLines } = parseAuthorizedKeys(line);
  if (/[\p{Cc}]/u.test(line)) throw new CliError('USAGE', 'A key and its options must be one line of text');
  if (keys.length !== 1)
    throw new CliError('USAGE', `Cannot authorize ${key}: ${badLines[0]?.problem ?? 'no key'}`);
  appendLine(path, line);
  await print(`${key} may come in: ${path}`);
}

/** As they stand before a key. */
function optionsOf({ acceptEnv, allow = [], command, expires, from, shell }: AuthorizeOptions): string {
  const parts = allow.map((words) => `allow=${quoted(words)}`);
  if (!shell) parts.push('no-shell');
  if (command !== undefined) parts.push(`command=${quoted(command)}`);
  if (expires !== undefined) parts.push(`expires=${quoted(dateOf(expires))}`);
  if (from !== undefined) parts.push(`from=${quoted(from)}`);
  if (acceptEnv !== undefined) parts.push(`accept-env=${quoted(acceptEnv.join(','))}`);
  return parts.join(',');
}

function dateOf(when: string): string {
  const fromNow = /[a-z]$/.test(when) ? parseDuration(when) : undefined;
  return fromNow === undefined ? when : new Date(Date.now() + fromNow).toISOString();
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

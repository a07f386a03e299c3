import { Command } from 'commander';
import { rcmdPaths } from '../../paths/rcmd-paths.ts';
import { printable, printableCommand } from '../../audit/printable.ts';
import { print, say } from '../../terminal/print.ts';

/** `rcmd key` */
export function keyCommand(): Command {
  return new Command('key')
    .summary('show the key of this user on this machine')
    .description('Shows the fingerprint of your key; makes the key at its first use.')
    .option('--json', 'print an object: fingerprint, comment, file')
    .addHelpText(
      'after',
      `
Client and server of one user share the key, so each needs only one.

Examples:
  rcmd key
  rcmd authorize SHA256:...       on the other machine: let this key in there`,
    )
    .action(showKey);
}

async function showKey({ json }: { readonly json?: true }): Promise<void> {
  const { identityFile, loadIdentity } = await import('../../trust/identity.ts');

  const { config } = rcmdPaths();
  const { fingerprint, comment } = await loadIdentity(config);
  if (json === true) return print(JSON.stringify({ fingerprint, comment, file: identityFile(config) }));
  await print(`${fingerprint} ${printable(comment)}`);
  if (process.stderr.isTTY) {
    say(
      `to let it in on another machine, there: rcmd authorize ${fingerprint} --comment ${printableCommand([comment])}`,
    );
  }
}

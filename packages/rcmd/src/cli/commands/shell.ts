import { Command } from 'commander';
import { collect } from '../collect.ts';
import { directory } from '../directory-option.ts';
import type { HostKeyPolicy } from '../host-key-policy.ts';
import { hostKeysOption } from '../host-keys-option.ts';

/** Options of `rcmd shell`. */
export interface ShellOptions {
  readonly classic?: true;
  readonly env?: readonly string[];
  readonly hostKeys?: HostKeyPolicy;
  readonly workdir?: string;
}

/** `rcmd shell` */
export function shellCommand(): Command {
  return new Command('shell')
    .summary('open the prompt on a server')
    .description('Opens the >> prompt on a server, or runs the lines that are piped in, in order.')
    .argument('[host]', 'a target, host[:port] or unix:PATH (default: RCMD_HOST, or this machine)')
    .option('-e, --env <name[=value]>', 'set a variable, or copy ours; may be repeated', collect)
    .option('-w, --workdir <dir>', 'begin in this directory of the server', directory)
    .addOption(hostKeysOption())
    .option('--classic', 'speak the classic exchange: no protection at all')
    .addHelpText(
      'after',
      `
cd and export last from line to line. Ctrl-C ends the command, Ctrl-D or exit
leaves, with the exit code of the last command. A line that begins with a space
is not remembered.

Examples:
  rcmd shell lab1
  printf 'cd /srv\\ngit pull\\n' | rcmd shell lab1`,
    )
    .action(async (host: string | undefined, options: ShellOptions) => {
      const { shell } = await import('../shell.ts');
      await shell(host, options);
    });
}

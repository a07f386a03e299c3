import { Command } from 'commander';
import type { HostKeyPolicy } from '../host-key-policy.ts';
import { hostKeysOption } from '../host-keys-option.ts';

/** Options of `rcmd status`. */
export interface StatusOptions {
  readonly hostKeys?: HostKeyPolicy;
  readonly json?: true;
}

/** `rcmd status` */
export function statusCommand(): Command {
  return new Command('status')
    .summary('say how a server is, and what runs on it')
    .description('Shows since when a server runs, who is connected, and the commands that run.')
    .argument('[host]', 'a target, host[:port] or unix:PATH (default: RCMD_HOST, or this machine)')
    .addOption(hostKeysOption())
    .option('--json', 'print an object')
    .addHelpText(
      'after',
      `
Example:
  rcmd status lab1`,
    )
    .action(async (host: string | undefined, options: StatusOptions) => {
      const { status } = await import('../status.ts');
      await status(host, options);
    });
}

import { Command } from 'commander';

/** Options of `rcmd trust`. */
export interface TrustOptions {
  readonly forget?: true;
}

/** `rcmd trust` */
export function trustCommand(): Command {
  return new Command('trust')
    .summary('remember the key of a server')
    .description('Shows the fingerprint of a server, and remembers it if you say so.')
    .argument('<host>', 'a target or host[:port]')
    .argument('[fingerprint]', 'the one that it must show: remembered without a question')
    .option('--forget', 'forget what was remembered about it')
    .addHelpText(
      'after',
      `
Compare what it shows with rcmd key on that machine.

Examples:
  rcmd trust 10.0.0.5
  rcmd trust 10.0.0.5 SHA256:...          in scripts`,
    )
    .action(async (host: string, fingerprint: string | undefined, options: TrustOptions) => {
      const { trust } = await import('../trust.ts');
      await trust(host, { ...options, fingerprint });
    });
}

import { Command, Option } from 'commander';
import { collect } from '../collect.ts';

/** Options of `rcmd serve`. */
export interface ServeOptions {
  readonly acceptEnv?: readonly string[];
  readonly allowUnrecorded?: true;
  /** `true` for the usual address. */
  readonly insecureClassic?: string | true;
  readonly listen?: readonly string[];
  readonly quiet?: true;
  readonly server: 'concurrent' | 'threading' | 'forking';
}

/** `rcmd serve` */
export function serveCommand(): Command {
  return new Command('serve')
    .summary('run a server')
    .description('Runs a server until it is stopped by a signal; commands that run are ended then.')
    .option('-l, --listen <address>', 'HOST:PORT, unix:PATH or systemd; may be repeated', collect)
    .addOption(
      new Option('--server <model>', 'how connections are served: concurrent (default), threading or forking')
        .choices(['concurrent', 'threading', 'forking'])
        .default('concurrent'),
    )
    .option('--insecure-classic [address]', 'also the classic exchange: NO PROTECTION AT ALL')
    .option('--accept-env <name>', 'let clients set this variable, such as PATH; may be repeated', collect)
    .option('--allow-unrecorded', 'run commands also while the audit cannot be written')
    .option('-q, --quiet', 'print no log')
    .addHelpText(
      'after',
      `
Listens on 127.0.0.1:8888, or on what systemd passes, if nothing else is said.
Lets in this user on this machine, and the keys of rcmd authorize; listens
beyond this machine only once there is such a key.

Examples:
  rcmd serve
  rcmd serve --listen 0.0.0.0:8888 --listen unix:/run/rcmd/rcmd.sock`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('../serve.ts');
      await serve(options);
    });
}

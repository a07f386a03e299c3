import { Command } from 'commander';
import { collect } from '../collect.ts';
import { directory } from '../directory-option.ts';
import type { HostKeyPolicy } from '../host-key-policy.ts';
import { hostKeysOption } from '../host-keys-option.ts';

/** Options of `rcmd exec`. */
export interface ExecOptions {
  readonly env?: readonly string[];
  readonly hostKeys?: HostKeyPolicy;
  readonly idleTimeout?: string;
  readonly interactive?: true;
  readonly json?: true;
  readonly stdin: boolean;
  readonly quiet?: true;
  readonly shell?: true;
  readonly timeout?: string;
  readonly verbose?: true;
  readonly workdir?: string;
}

/** `rcmd exec` */
export function execCommand(): Command {
  return new Command('exec')
    .summary('run one command on a server')
    .description('Runs a command on a server; exits with its exit code.')
    .usage("[options] HOST [--] CMD [ARGS...]\n       rcmd exec [options] HOST -s 'LINE'")
    .argument('[host]')
    .argument('[command...]')
    .passThroughOptions()
    .helpOption('-h, --help', 'print this')
    .option('-s, --shell', 'run one string by a shell, not a program by its name')
    .option('-i, --interactive', 'give it our input (a pipe or file is, in any case)')
    .option('-n, --no-stdin', 'give it no input')
    .option('-e, --env <name[=value]>', 'set a variable, or copy ours; may be repeated', collect)
    .option('-w, --workdir <dir>', 'run it in this directory of the server', directory)
    .option('--timeout <time>', 'end it after so long, such as 30s or 5m')
    .option('--idle-timeout <time>', 'end it after so long without output or input')
    .addOption(hostKeysOption())
    .option('--json', 'print one object about it instead of its output')
    .option('-q, --quiet', 'say nothing ourselves')
    .option('-v, --verbose', 'say what happens')
    .addHelpText(
      'after',
      `
Exit codes: its own; 124 timeout; 125 rcmd failed; 126, 127 it cannot run;
128+n signal n. Ctrl-C goes to the command; twice ends rcmd.
Example: rcmd exec -w /srv --timeout 30s lab1 -- git pull`,
    )
    .action(async (_host, _words, options: ExecOptions, command: Command) => {
      const { exec } = await import('../exec.ts');
      await exec(command, options);
    });
}

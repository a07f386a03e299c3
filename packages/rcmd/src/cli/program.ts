import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { authorizeCommand } from './commands/authorize.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { execCommand } from './commands/exec.ts';
import { keyCommand } from './commands/key.ts';
import { serveCommand } from './commands/serve.ts';
import { shellCommand } from './commands/shell.ts';
import { start } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { trustCommand } from './commands/trust.ts';

/** Columns of help: it is read on any terminal. */
const helpColumns = 80;

/** The whole command line. Each command loads what it needs when it runs, so that none waits for the others. */
export function createProgram(): Command {
  const program = new Command('rcmd')
    .description(
      'Runs commands on other machines, safe by default. Without a command: starts a private server, and a prompt on it.',
    )
    .version(ownVersion(), '-V, --version', 'print the version')
    .usage('[command]')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `
Examples:
  rcmd exec lab1 -- uname -a          lab1: a target of the configuration,
  rcmd exec 10.0.0.5:8888 -- ls -l    or an address
  rcmd help exec                      more about a command`,
    )
    .argument('[command]')
    .action(start);
  const commands = [
    serveCommand(),
    shellCommand(),
    execCommand(),
    keyCommand(),
    authorizeCommand(),
    trustCommand(),
    statusCommand(),
    auditCommand(),
    completionCommand(),
  ];
  for (const command of commands) program.addCommand(withOurHabits(command));
  program.addCommand(withOurHabits(completeCommand()), { hidden: true });
  return withOurHabits(program);
}

function withOurHabits(command: Command): Command {
  return command
    .helpOption('-h, --help', 'print this')
    .configureHelp({ subcommandTerm: (subcommand) => subcommand.name() })
    .configureOutput({
      getOutHelpWidth: () => Math.min(helpColumns, process.stdout.columns ?? helpColumns),
      outputError: (text, write) => write(text.replace(/^error: /, 'rcmd: ')),
    })
    .showHelpAfterError(`(rcmd ${command.name() === 'rcmd' ? '' : `${command.name()} `}--help says more)`)
    .exitOverride();
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

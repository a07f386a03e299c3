import { Command } from 'commander';
import { software } from '../protocol/software.ts';
import { start } from './commands/start.ts';

/** The commands, in the order of the help, each in a file of its own. */
const makers: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  shell: async () => (await import('./commands/shell.ts')).shellCommand(),
  exec: async () => (await import('./commands/exec.ts')).execCommand(),
  key: async () => (await import('./commands/key.ts')).keyCommand(),
  authorize: async () => (await import('./commands/authorize.ts')).authorizeCommand(),
  trust: async () => (await import('./commands/trust.ts')).trustCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(),
  complete: async () => (await import('./commands/completion.ts')).completeCommand(),
};

/** Columns of help: it is read on any terminal. */
const helpColumns = 80;

/**
 * The command line. Each command loads what it needs when it runs, so that none waits for the others.
 *
 * @param word - the first one: where that is a command, the others are left out.
 */
export async function createProgram(word?: string): Promise<Command> {
  const program = new Command('rcmd')
    .description(
      'Runs commands on other machines, safe by default. Without a command: starts a private server, and a prompt on it.',
    )
    .version(software.replace(/^.*\//, ''), '-V, --version', 'print the version')
    .usage('[command]')
    .enablePositionalOptions()
    .helpCommand('help [command]', 'more about a command')
    .addHelpText(
      'after',
      `
Examples:
  rcmd exec lab1 -- uname -a          lab1: a target of the configuration,
  rcmd exec 10.0.0.5:8888 -- ls -l    or an address`,
    )
    .argument('[command]')
    .action(start);
  // `complete` describes all of them.
  const names =
    word !== undefined && word !== 'complete' && Object.hasOwn(makers, word) ? [word] : Object.keys(makers);
  for (const name of names) {
    program.addCommand(withOurHabits(await makers[name]!()), { hidden: name === 'complete' });
  }
  return withOurHabits(program);
}

function withOurHabits(command: Command): Command {
  return command
    .helpOption('-h, --help', 'print this')
    .configureHelp({
      subcommandTerm: (subcommand) => subcommand.name(),
      optionDescription: ({ description }) => description, // which names the choices, too
    })
    .configureOutput({
      getOutHelpWidth: () => Math.min(helpColumns, process.stdout.columns ?? helpColumns),
      outputError: (text, write) => write(text.replace(/^error: /, 'rcmd: ')),
    })
    .showHelpAfterError(`(rcmd ${command.name() === 'rcmd' ? '' : `${command.name()} `}--help says more)`)
    .exitOverride();
}

import { Argument, Command } from 'commander';
import type { CompletedShell } from '../completion/scripts.ts';
import { print } from '../../terminal/print.ts';

/** `rcmd completion` */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('print what makes a shell complete rcmd')
    .description('Prints what makes a shell complete commands, options and names of targets.')
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(rcmd completion bash)                  in ~/.bashrc
  source <(rcmd completion zsh)                   in ~/.zshrc, after compinit
  rcmd completion fish | source                   in ~/.config/fish/config.fish`,
    )
    .action(async (shell: CompletedShell) => {
      const { completionScripts } = await import('../completion/scripts.ts');
      await print(completionScripts[shell].trimEnd());
    });
}

/** `rcmd complete`, which those scripts call: prints what may stand where the cursor is, and `:files` where a file may. */
export function completeCommand(): Command {
  return new Command('complete')
    .description('Prints the words that may come next: what the scripts of rcmd completion call.')
    .argument('[words...]', 'the words after rcmd, up to the cursor')
    .passThroughOptions()
    .action(async (words: readonly string[], _options: object, command: Command) => {
      const { completionFor } = await import('../completion/candidates.ts');
      const { completedServers } = await import('../completion/servers.ts');
      const { candidates, takesFiles } = completionFor(command.parent!, words, completedServers());
      for (const { word, description } of candidates) await print(`${word}\t${description}`);
      if (takesFiles) await print(':files');
    });
}

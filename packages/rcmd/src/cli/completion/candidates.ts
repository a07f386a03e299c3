import type { Command, Option } from 'commander';

/** Something that a shell may offer. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/**
 * What may stand where the cursor is.
 *
 * @param words - those after `rcmd`, up to the cursor; the last one may be empty or half typed.
 * @param targets - the names of the configuration's targets.
 */
export function candidatesFor(
  program: Command,
  words: readonly string[],
  targets: readonly string[],
): Candidate[] {
  const current = words.at(-1) ?? '';
  return offersFor(program, words.slice(0, -1), { current, targets }).filter(({ word }) =>
    word.startsWith(current),
  );
}

function offersFor(
  program: Command,
  before: readonly string[],
  { current, targets }: { readonly current: string; readonly targets: readonly string[] },
): Candidate[] {
  const [name, ...rest] = before;
  const command = program.commands.find((one) => one.name() === name);
  if (name !== undefined && command === undefined) return [];
  const { option, positionals } = placeIn(command ?? program, rest);
  if (option !== undefined) return choicesOf(option.argChoices);
  if (command === undefined)
    return [...commandsOf(program), ...(current.startsWith('-') ? optionsOf(program) : [])];
  // What follows HOST belongs to the other machine.
  const [argument] = command.registeredArguments;
  if (positionals > 0) return [];
  if (current.startsWith('-')) return optionsOf(command);
  if (argument?.name() === 'host') return targets.map((word) => ({ word, description: 'target' }));
  return choicesOf(argument?.argChoices);
}

/** Where the cursor is among the words of a command: behind an option that needs a value, or behind so many other words. */
function placeIn(
  command: Command,
  words: readonly string[],
): { readonly option?: Option; readonly positionals: number } {
  let positionals = 0;
  for (let at = 0; at < words.length; at += 1) {
    const option = command.options.find((one) => one.long === words[at] || one.short === words[at]);
    if (option === undefined) positionals += 1;
    else if (option.required && at + 1 === words.length) return { option, positionals };
    else if (option.required) at += 1;
  }
  return { positionals };
}

function commandsOf(program: Command): Candidate[] {
  const shown = program.createHelp().visibleCommands(program);
  return shown.map((command) => ({ word: command.name(), description: command.summary() }));
}

function optionsOf(command: Command): Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown.map(({ long, short, description }) => ({ word: long ?? short ?? '', description }));
}

function choicesOf(choices: readonly string[] | undefined): Candidate[] {
  return (choices ?? []).map((word) => ({ word, description: '' }));
}

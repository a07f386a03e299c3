import type { Command, Option } from 'commander';

/** Something that a shell may offer. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What a shell may offer where the cursor is. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the name of a file may stand there. */
  readonly takesFiles: boolean;
}

const nothing: Completion = { candidates: [], takesFiles: false };
const files: Completion = { candidates: [], takesFiles: true };

/**
 * What may stand where the cursor is.
 *
 * @param words - those after `rcmd`, up to the cursor; the last one may be empty or half typed.
 * @param servers - the names of the configuration's targets, and the servers that are known.
 */
export function completionFor(
  program: Command,
  words: readonly string[],
  servers: readonly Candidate[],
): Completion {
  const current = words.at(-1) ?? '';
  const { candidates, takesFiles } = offersFor(program, words.slice(0, -1), { current, servers });
  return { candidates: candidates.filter(({ word }) => word.startsWith(current)), takesFiles };
}

interface Cursor {
  readonly current: string;
  readonly servers: readonly Candidate[];
}

function offersFor(program: Command, before: readonly string[], { current, servers }: Cursor): Completion {
  const [name, ...rest] = before;
  if (name === undefined)
    return only([...commandsOf(program), ...(current.startsWith('-') ? optionsOf(program) : [])]);
  if (name === 'help') return only(rest.length === 0 ? commandsOf(program) : []);
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return nothing;
  const { option, positionals } = placeIn(command, rest);
  if (option !== undefined) return valuesOf(option);
  const [long = '', value] = /^(--[^=]+)=/.exec(current) === null ? [] : current.split('=', 2);
  const assigned = value === undefined ? undefined : command.options.find((one) => one.long === long);
  if (assigned !== undefined) return prefixed(`${long}=`, valuesOf(assigned));
  const [argument] = command.registeredArguments;
  const [first] = positionals;
  if (first === undefined) {
    if (current.startsWith('-')) return only(optionsOf(command));
    if (argument?.name() !== 'host') return only(choicesOf(argument?.argChoices));
    return current.startsWith('unix:') ? files : only(servers);
  }
  if (command.registeredArguments.at(-1)?.variadic !== true) return nothing;
  // What follows HOST belongs to the other machine, where much has the same name as here.
  const isBehindHost = positionals.length === 1 && first !== '--';
  return isBehindHost && current.startsWith('-') ? only(behindHost) : files;
}

const behindHost: readonly Candidate[] = [
  { word: '--', description: 'the program and its arguments follow' },
  { word: '-s', description: 'one string for a shell follows' },
];

/** Where the cursor is among the words of a command: behind an option that needs a value, or behind these other words. */
function placeIn(
  command: Command,
  words: readonly string[],
): { readonly option?: Option; readonly positionals: readonly string[] } {
  const passesThrough = command.registeredArguments.at(-1)?.variadic === true;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option?.required === true && at + 1 === words.length) return { option, positionals: [] };
    if (option?.required === true) at += 1;
    else if (word === '--' || !word.startsWith('-')) {
      const rest = words.slice(at);
      return { positionals: passesThrough ? rest : rest.filter((one) => !one.startsWith('-')) };
    }
  }
  return { positionals: [] };
}

/** What may follow an option. */
function valuesOf({ argChoices, flags }: Option): Completion {
  return argChoices === undefined && /<(dir|address)>/.test(flags) ? files : only(choicesOf(argChoices));
}

function prefixed(prefix: string, { candidates, takesFiles }: Completion): Completion {
  const whole = candidates.map(({ word, description }) => ({ word: `${prefix}${word}`, description }));
  return { candidates: whole, takesFiles };
}

function only(candidates: readonly Candidate[]): Completion {
  return { candidates, takesFiles: false };
}

function commandsOf(program: Command): Candidate[] {
  const shown = program.createHelp().visibleCommands(program);
  return shown.map((command) => ({
    word: command.name(),
    description: command.summary() || command.description(),
  }));
}

function optionsOf(command: Command): Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown.map(({ long, short, description }) => ({ word: long ?? short ?? '', description }));
}

function choicesOf(choices: readonly string[] | undefined): Candidate[] {
  return (choices ?? []).map((word) => ({ word, description: '' }));
}

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** One name that a package exports. */
export interface PublicName {
  readonly name: string;
  /** How it is declared, without comments and private parts. */
  readonly declaration: string;
  /** Whether a comment stands right before it. */
  readonly isDocumented: boolean;
}

/** What a declaration file exports, in the order of the names. Reads what `tsc` writes: declarations begin lines, and what they hold is indented. */
export function publicNamesOf(file: string): PublicName[] {
  const found = new Map<string, PublicName>();
  collect(file, (name, entry) => found.set(name, entry));
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function collect(file: string, add: (name: string, entry: PublicName) => void): void {
  const text = readFileSync(file, 'utf8');
  for (const [, list = '', from] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '(.*)')?;$/gm)) {
    for (const item of list.split(',').map((part) => part.trim().replace(/^type /, ''))) {
      if (item === '') continue;
      const [own = '', name = own] = item.split(' as ');
      add(name, { ...entryOf(from === undefined ? file : sourceOf(file, from), own), name });
    }
  }
  for (const [, from = ''] of text.matchAll(/^export \* from '(.*)';$/gm)) collect(sourceOf(file, from), add);
  for (const [, name = ''] of text.matchAll(declarationPattern('\\w+'))) add(name, entryOf(file, name));
}

/** The file behind what an import names. */
function sourceOf(file: string, from: string): string {
  return resolve(dirname(file), from.replace(/\.[jt]s$/, '.d.ts'));
}

function declarationPattern(name: string): RegExp {
  return new RegExp(
    `^export (?:declare )?(?:abstract )?(?:class|function|const|interface|type|enum) (${name})(?!\\w)`,
    'gm',
  );
}

/** @throws Error for a name that the file does not declare. */
function entryOf(file: string, name: string): PublicName {
  const text = readFileSync(file, 'utf8');
  const starts = [...text.matchAll(declarationPattern(name))].map(({ index }) => index);
  if (starts.length === 0) {
    const passedOn = new Map<string, PublicName>();
    collect(file, (found, entry) => passedOn.set(found, entry));
    const entry = passedOn.get(name);
    if (entry === undefined) throw new Error(`${file} does not declare ${name}`);
    return entry;
  }
  const isDocumented = /\*\/\n?$/.test(text.slice(0, starts[0]));
  return { name, declaration: starts.map((start) => declarationAt(text, start)).join('\n'), isDocumented };
}

/** The text from there up to the next line that is not indented. */
function declarationAt(text: string, start: number): string {
  const [first = '', ...rest] = text.slice(start).split('\n');
  const end = rest.findIndex((line) => /^[^\s})]/.test(line));
  return withoutComments([first, ...(end === -1 ? rest : rest.slice(0, end))].join('\n'));
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/import\("[^"]*"\)\./g, '')
    .split('\n')
    .filter((line) => !/^\s*(#private;|private .*;|\/\/.*)?$/.test(line))
    .join('\n');
}

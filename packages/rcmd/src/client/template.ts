import { show } from './option-rules.ts';
import { quote } from './quote.ts';

/** What may stand in a template: text, a number, or a list of them, each of it a word. */
export type TemplateValue = string | number | readonly (string | number)[];

/** Whether a function was called as a template's tag. */
export function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value;
}

/**
 * The arguments that a template writes. Spaces and line ends outside of `${}` part them, and nothing else means anything: a value is one argument, or part of one
 * where text stands right beside it, and a list as many as it has.
 *
 * @throws TypeError for another value, and for a template without a word.
 */
export function argumentsOf(
  strings: TemplateStringsArray,
  values: readonly TemplateValue[],
): [string, ...string[]] {
  const words: string[] = [];
  let isOpen = false;
  const append = (text: string): void => {
    if (isOpen) words[words.length - 1] += text;
    else words.push(text);
    isOpen = true;
  };
  for (const [index, text] of strings.entries()) {
    for (const piece of text.split(/([ \t\r\n]+)/)) {
      if (/^[ \t\r\n]/.test(piece)) isOpen = false;
      else if (piece !== '') append(piece);
    }
    if (index === values.length) break;
    for (const [at, word] of wordsOf(values[index], index).entries()) {
      if (at > 0) isOpen = false;
      append(word);
    }
  }
  const [file, ...args] = words;
  if (file === undefined) throw new TypeError('Cannot run a template: it must name a program');
  return [file, ...args];
}

/**
 * The line for a shell that a template writes: its own text as it is, each value quoted, so that it is one word of the line.
 *
 * @throws TypeError for another value.
 */
export function lineOf(strings: TemplateStringsArray, values: readonly TemplateValue[]): string {
  return strings.reduce((line, text, index) => {
    const words = wordsOf(values[index - 1], index - 1);
    return line + words.map(quote).join(' ') + text;
  });
}

function wordsOf(value: unknown, index: number): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = list.find((word) => typeof word !== 'string' && typeof word !== 'number');
  if (wrong === undefined && (Array.isArray(value) || value !== undefined)) return list.map(String);
  throw new TypeError(
    `Cannot run a template: value ${index + 1} must be text, a number or a list of them, got ${show(wrong)}`,
  );
}

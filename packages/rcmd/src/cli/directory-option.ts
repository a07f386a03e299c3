import { InvalidArgumentError } from 'commander';

/** Takes the directory of `-w`. An empty one, as of a variable that is not set, would stand for the home directory. */
export function directory(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must name a directory.');
  return text;
}

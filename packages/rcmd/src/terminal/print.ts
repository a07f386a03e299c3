/** Writes lines to standard output; resolves when they are out. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

/** Writes one line about what this program does, beside its output. */
export function say(text: string): void {
  process.stderr.write(`rcmd: ${text}\n`);
}

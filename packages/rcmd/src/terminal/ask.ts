import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream } from 'node:tty';

/**
 * Asks the person at the terminal, also where standard input is something else.
 *
 * @returns the answer; `undefined` where there is nobody to see the question, or none came.
 */
export async function ask(question: string): Promise<string | undefined> {
  if (!process.stderr.isTTY) return undefined;
  let input;
  try {
    input = new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined; // no terminal controls this process [tty(4)]
  }
  const lines = createInterface({ input, terminal: false });
  process.stderr.write(question);
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
    });
  } finally {
    lines.close();
    input.destroy();
  }
}

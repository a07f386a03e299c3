import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a stream, without their ends; a character whose bytes came in two pieces stays whole.
 *
 * @param outcome - what is waited for after the last line, and may throw.
 */
export async function* linesOf(
  stream: Readable,
  outcome: () => Promise<unknown>,
): AsyncGenerator<string, undefined> {
  const decoder = new StringDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = decoder.write(bytes as Buffer).split('\n');
    lines[0] = rest + lines[0]!; // only what is new is searched, however long the line
    rest = lines.pop()!;
    for (const line of lines) yield withoutReturn(line);
  }
  rest += decoder.end();
  if (rest !== '') yield withoutReturn(rest);
  await outcome();
  return undefined;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

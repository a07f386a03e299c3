import { Readable } from 'node:stream';
import type { OutgoingStream } from '../link/outgoing-stream.ts';
import type { ExecOptions, Input } from './exec-options.ts';

/** Whether the options of a command say what it reads. */
export function hasInput({ input, inputFile }: ExecOptions): boolean {
  return input !== undefined || inputFile !== undefined;
}

/**
 * Gives a command what it is to read, as fast as it does, and then the end; stops when it reads no more.
 *
 * @throws what the source throws, and TypeError where it gives neither text nor bytes.
 */
export async function feedCommand(input: Input, stdin: OutgoingStream): Promise<void> {
  if (typeof input === 'string' || input instanceof Uint8Array) {
    await stdin.write(bytesOf(input));
    stdin.end();
    return;
  }
  const pieces = iterate(input);
  // A source that has nothing to say now must not be waited for when nobody listens any more.
  void stdin.whenStopped.then(() => void (input instanceof Readable ? input.destroy() : stop(pieces)));
  await Promise.race([feedPieces(pieces, stdin), stdin.whenStopped]);
}

async function feedPieces(
  pieces: AsyncIterator<unknown> | Iterator<unknown>,
  stdin: OutgoingStream,
): Promise<void> {
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) break;
    if (!(await stdin.write(bytesOf(next.value)))) break;
  }
  stdin.end();
}

function iterate(input: Exclude<Input, string | Uint8Array>): AsyncIterator<unknown> | Iterator<unknown> {
  if (Symbol.asyncIterator in input) return input[Symbol.asyncIterator]() as AsyncIterator<unknown>;
  return (input as Iterable<unknown>)[Symbol.iterator]();
}

/** What a source says when it is let go is nobody's business any more. */
async function stop(pieces: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await pieces.return?.();
  } catch {
    // As of a pipe that nobody reads.
  }
}

function bytesOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece);
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`Cannot feed a command: its input must be text or bytes, got ${typeof piece}`);
}

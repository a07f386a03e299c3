import { constants } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import type { OutputName } from '../protocol/stream-id.ts';
import type { ExecOptions } from './exec-options.ts';

const defaultMaxBuffer = 100_000_000;

/** Bytes that a result may hold: text has its limit in any case, which `all` reaches with half as much of each stream. */
export function maxBufferOf({ all, encoding, maxBuffer = defaultMaxBuffer }: ExecOptions): number {
  if (encoding === 'buffer') return maxBuffer;
  return Math.min(maxBuffer, Math.floor(constants.MAX_STRING_LENGTH / (all === true ? 2 : 1)));
}

/** What is to be made of the output. */
export interface OutputFormat {
  readonly encoding: 'utf8' | 'buffer';
  readonly lines: boolean;
  readonly stripFinalNewline: boolean;
}

/** Output of one form or another. */
export type AnyOutput = string | string[] | Uint8Array | undefined;

/** What a command wrote so far, for its result. */
export class CollectedOutput {
  readonly #maxBytes: number;
  readonly #keepsOrder: boolean;
  readonly #pieces: Readonly<Record<OutputName, Buffer[]>> = { stdout: [], stderr: [] };
  readonly #bytes = { stdout: 0, stderr: 0 };
  #order: { readonly name: OutputName; readonly bytes: Buffer }[] = [];

  constructor({ maxBytes, keepsOrder }: { readonly maxBytes: number; readonly keepsOrder: boolean }) {
    this.#maxBytes = maxBytes;
    this.#keepsOrder = keepsOrder;
  }

  /** Keeps bytes, and as many of them as there is room for. @returns whether all had room. */
  add(name: OutputName, bytes: Buffer): boolean {
    const room = this.#maxBytes - this.#bytes[name];
    const kept = compact(bytes.length > room ? bytes.subarray(0, room) : bytes);
    this.#bytes[name] += kept.length;
    if (kept.length > 0) {
      this.#pieces[name].push(kept);
      if (this.#keepsOrder) this.#order.push({ name, bytes: kept });
    }
    return bytes.length <= room;
  }

  /** What one stream brought. */
  output(name: OutputName, format: OutputFormat): AnyOutput {
    return shape(Buffer.concat(this.#pieces[name]), format);
  }

  /** What both brought, as it came. A character whose bytes came in two pieces stays whole. */
  all(format: OutputFormat): AnyOutput {
    if (format.encoding === 'buffer')
      return shape(Buffer.concat(this.#order.map(({ bytes }) => bytes)), format);
    const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() };
    const text = this.#order.map(({ name, bytes }) => decoders[name].write(bytes)).join('');
    return shape(text + decoders.stdout.end() + decoders.stderr.end(), format);
  }
}

/** A small piece of a large delivery would keep all of that in memory. */
function compact(bytes: Buffer): Buffer {
  return bytes.length * 4 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}

function shape(output: Buffer | string, { encoding, lines, stripFinalNewline }: OutputFormat): AnyOutput {
  if (encoding === 'buffer' && typeof output !== 'string') {
    const length = stripFinalNewline ? lengthWithoutNewline(output) : output.length;
    return new Uint8Array(output.buffer, output.byteOffset, length);
  }
  const text = output.toString();
  if (lines) return linesOf(text, stripFinalNewline);
  return stripFinalNewline ? text.replace(/\r?\n$/, '') : text;
}

/** Lines without their newlines, or with them. */
function linesOf(text: string, stripNewlines: boolean): string[] {
  const lines = text.split(stripNewlines ? /\r?\n/ : /(?<=\n)/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function lengthWithoutNewline(bytes: Buffer): number {
  if (bytes.at(-1) !== 0x0a) return bytes.length;
  return bytes.at(-2) === 0x0d ? bytes.length - 2 : bytes.length - 1;
}

/** Commands of the classic exchange, and the bytes that must arrive at the client. */
export interface ClassicOutput {
  readonly title: string;
  readonly command: string;
  readonly bytes: Buffer;
}

const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyz012345');

/** A command that prints the alphabet again and again, without a line end, up to `length` bytes. */
function repeated(length: number): Omit<ClassicOutput, 'title'> {
  return {
    command: `yes ${alphabet.toString()} | tr -d '\\n' | head -c ${length}`,
    bytes: Buffer.alloc(length, alphabet),
  };
}

export const classicOutputs: readonly ClassicOutput[] = [
  {
    title: 'no bytes',
    command: 'true',
    bytes: Buffer.from('command exec success, but do not have results'),
  },
  { title: '1 byte', command: 'printf x', bytes: Buffer.from('x') },
  { title: 'a line', command: 'echo hi', bytes: Buffer.from('hi\n') },
  { title: '1,024 bytes', ...repeated(1_024) },
  { title: '1,025 bytes', ...repeated(1_025) },
  { title: '10 MB', ...repeated(10_000_000) },
  { title: 'characters of several bytes', command: 'echo 你好', bytes: Buffer.from('你好\n') },
  {
    title: 'characters that are split over two reads',
    command: 'yes 你好 | head -n 100000',
    bytes: Buffer.from('你好\n'.repeat(100_000)),
  },
  {
    title: 'bytes that are no UTF-8',
    command: String.raw`printf 'a\377\376\0b\344\275'`,
    bytes: Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x62, 0xe4, 0xbd]),
  },
];

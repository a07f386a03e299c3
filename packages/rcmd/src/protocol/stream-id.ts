/** The three byte streams of a command, by the numbers that they have on the wire and in the command itself. */
export const streamIds = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** `'stdin'` goes to the command, the others come from it. */
export type StreamName = keyof typeof streamIds;

/** A stream that comes from a command. */
export type OutputName = 'stdout' | 'stderr';

const names: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

/** The stream of a number on the wire; `undefined` where there is none. */
export function streamOf(id: number): StreamName | undefined {
  return names[id];
}

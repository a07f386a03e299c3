import { extname } from 'node:path';

/**
 * Where the program of a worker lies: a `.ts` file where the sources run as they are, a `.js` file where they were built.
 *
 * This module stays at the root of the sources: the build puts many modules into one file at the root, and a path that is
 * relative to any other folder would be wrong there.
 */
export function workerEntry(kind: 'thread' | 'process'): URL {
  return new URL(`./workers/entry/${kind}${extname(import.meta.url)}`, import.meta.url);
}

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';

/** Adds a line to a file that people edit too, and may have left without a newline at its end. Makes it, and its folder, for its user only. */
export function appendLine(path: string, line: string): void {
  makePrivateFolder(dirname(path));
  const needsNewline = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  appendFileSync(path, `${needsNewline ? '\n' : ''}${line}\n`, { mode: 0o600 });
}

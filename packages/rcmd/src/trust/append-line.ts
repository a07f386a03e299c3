import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { requireOwnFile } from '../paths/private-file.ts';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';

/**
 * Adds a line to a file that people edit too, and may have left without a newline at its end. Makes it, and its folder, for its user only.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` for a file in which somebody else has a hand, also behind a link; the system's errors.
 */
export function appendLine(path: string, line: string): void {
  makePrivateFolder(dirname(path));
  requireOwnFile(path);
  const needsNewline = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  appendFileSync(path, `${needsNewline ? '\n' : ''}${line}\n`, { mode: 0o600 });
}

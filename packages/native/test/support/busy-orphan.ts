/** Starts itself once more, and that child asks to end with this process and then blocks for good. */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { endWithParent } from '../../lib/index.ts';

if (process.argv[2] === 'child') {
  endWithParent(process.ppid, 1);
  writeSync(1, `${process.pid}\n`);
  for (;;);
} else {
  spawn(process.execPath, [import.meta.filename, 'child'], { stdio: 'inherit' });
}

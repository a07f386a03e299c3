/** Says what a start fails with when no descriptors are left. */
import { openSync } from 'node:fs';
import { start } from './processes.ts';

await start({ programs: ['/bin/true'], argv: ['true'] }).ended;
try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  // that was the last one
}
try {
  start({ programs: ['/bin/true'], argv: ['true'] });
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
process.exit();

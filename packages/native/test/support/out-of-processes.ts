/** Says what a start fails with when this process's user may have no more processes; then kills itself, since sanitizers end with one more. */
import { execFileSync } from 'node:child_process';
import { start } from './processes.ts';

await start({ programs: ['/bin/true'], argv: ['true'] }).ended;
execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1']);
if (process.getuid!() === 0) process.setuid!(65_534); // the limit is not for the superuser [getrlimit(2)]
try {
  start({ programs: ['/bin/true'], argv: ['true'] });
} catch (error) {
  console.log((error as Error).message);
}
process.kill(process.pid, 'SIGKILL');

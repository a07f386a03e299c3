/** Starts a process whose stdout is this one's stderr, and the other way round. */
import { shell, start } from './processes.ts';

await start({ ...shell('echo to stdout; echo to stderr >&2'), stdio: [0, 2, 1] }).ended;

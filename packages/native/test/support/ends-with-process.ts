/** Waits for nothing but a process. */
import { shell, start } from './processes.ts';

void start(shell('sleep 0.1; exit 3')).ended.then(({ exitCode }) => console.log('exit', exitCode));

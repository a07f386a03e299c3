/**
 * A thread that starts processes. With a descriptor as its data: one that reads it to its end, whose number it says. Else a hundred, and
 * it says how many of them ended as they should.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { shell, start } from './processes.ts';

const stdin = workerData as number | null | undefined;
if (typeof stdin === 'number') {
  const { pid } = start({ ...shell('read -r _; exit 3'), stdio: [stdin, undefined, undefined] });
  parentPort!.postMessage(pid);
} else {
  let count = 0;
  for (let code = 0; code < 100; code++) {
    const { exitCode } = await start(shell(`exit ${code}`)).ended;
    if (exitCode === code) count++;
  }
  parentPort!.postMessage(count);
}

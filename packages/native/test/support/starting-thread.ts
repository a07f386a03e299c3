/**
 * A thread that starts processes. With descriptors as its data: one for each, that reads it to its end, and it says their numbers. Else
 * a hundred, and it says how many of them ended as they should.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { shell, start } from './processes.ts';

const inputs = workerData as readonly number[] | null | undefined;
if (Array.isArray(inputs)) {
  const pids = inputs.map(
    (stdin: number) => start({ ...shell('read -r _; exit 3'), stdio: [stdin, undefined, undefined] }).pid,
  );
  parentPort!.postMessage(pids);
} else {
  let count = 0;
  for (let code = 0; code < 100; code++) {
    const { exitCode } = await start(shell(`exit ${code}`)).ended;
    if (exitCode === code) count++;
  }
  parentPort!.postMessage(count);
}

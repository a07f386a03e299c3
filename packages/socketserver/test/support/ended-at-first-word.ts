/**
 * A module to `--import`: it has a program send itself SIGTERM as soon as it has written something. Nobody who reads that can
 * be quicker.
 */
export const endedAtFirstWord = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) {
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (...args) => {
      process.stdout.write = write;
      const isWritten = write(...args);
      process.kill(process.pid, 'SIGTERM');
      return isWritten;
    };
  }
`)}`;

/** Throws when it hears of the end of its process. */
import { startProcess } from '../../lib/index.ts';
import { shell } from './processes.ts';

process.once('uncaughtException', (error) => console.log('uncaught:', error.message));
startProcess({ ...shell('exit'), stdio: [undefined, undefined, undefined] }, () => {
  throw new Error('at the end');
});

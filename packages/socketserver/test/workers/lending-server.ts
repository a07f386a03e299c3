import { ThreadingTCPServer } from '../../src/index.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Errand } from './handlers/lent.ts';

/** Whether there is an engine whose listeners can be lent. */
export const hasLending = workerEngines.some(([name]) => name === 'native');

/** A start takes longer than most of the tests of loans: two threads are started only where two are needed. */
export const one = { min: 1, max: 1 };
export const two = { min: 2, max: 2 };

/** A server whose listener is lent, with one thread unless the options say otherwise. */
export function lendingServer(
  options: ConstructorParameters<typeof ThreadingTCPServer>[2] = {},
): ThreadingTCPServer {
  return new ThreadingTCPServer(['127.0.0.1', 0], Errand, { workers: one, engine: 'native', ...options });
}

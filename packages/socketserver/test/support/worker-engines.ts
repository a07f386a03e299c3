import type { EngineChoice } from '../../src/index.ts';
import { engines } from './engines.ts';

/** The engines whose connections can move to threads and processes: those that have real sockets. */
export const workerEngines: readonly (readonly [name: string, engine: EngineChoice])[] = engines
  .filter(([name]) => !name.startsWith('memory'))
  .map(([name, create]) => [name, create()]);

import type { EngineChoice } from '../../src/index.ts';
import { createMemoryEngine } from '../../src/testing/index.ts';

/** Every engine that the core's tests run on; a fresh one for each test. */
export const engines: readonly (readonly [name: string, create: () => EngineChoice])[] = [
  ['node', () => 'node'],
  ['memory', () => createMemoryEngine()],
  ['memory, byte by byte', () => createMemoryEngine({ chunkBytes: 1 })],
];

import { UnsupportedError, type EngineChoice } from '../../src/index.ts';
import { loadNativeEngine } from '../../src/engine/native-engine.ts';
import { createMemoryEngine } from '../../src/testing/index.ts';

const native = loadNativeEngine();
if (native instanceof UnsupportedError && process.env['CI'] !== undefined) throw native;

const nativeEngine = ['native', () => 'native'] satisfies [string, () => EngineChoice];

/** Every engine that the core's tests run on; a fresh one for each test, where that can be. */
export const engines: readonly (readonly [name: string, create: () => EngineChoice])[] = [
  ['node', () => 'node'],
  ['memory', () => createMemoryEngine()],
  ['memory, byte by byte', () => createMemoryEngine({ chunkBytes: 1 })],
  ...(native instanceof UnsupportedError ? [] : [nativeEngine]),
];

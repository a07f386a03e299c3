import type { Engine } from './contract/engine.ts';
import { loadNativeEngine } from './native-engine.ts';
import { nodeEngine } from './node/node-engine.ts';

/**
 * Which engine moves the bytes: `'auto'` the native one where it is installed and works, else the portable one on
 * `node:net`; one by name; or an object, as tests use.
 */
export type EngineChoice = 'auto' | 'node' | 'native' | Engine;

/**
 * Finds the engine for a choice; where that is `'auto'`, the environment variable `SOCKETSERVER_ENGINE` decides.
 *
 * @throws TypeError for an unknown name; UnsupportedError (`UNSUPPORTED`) for `'native'` where it does not work, with
 *   the reason.
 */
export function chooseEngine(choice: EngineChoice = 'auto'): Engine {
  if (typeof choice === 'object') return choice;
  const name = choice === 'auto' ? process.env['SOCKETSERVER_ENGINE'] || 'auto' : choice;
  if (name === 'node') return nodeEngine;
  if (name !== 'auto' && name !== 'native') {
    const source = choice === 'auto' ? 'SOCKETSERVER_ENGINE' : 'options.engine';
    throw new TypeError(
      `Cannot choose an engine: ${source} must be 'auto', 'node', 'native' or an engine, got '${name}'`,
    );
  }
  const native = loadNativeEngine();
  if (!(native instanceof Error)) return native;
  if (name === 'native') throw native;
  return nodeEngine;
}

import type { Engine } from './contract.ts';
import { nodeEngine } from './node/node-engine.ts';

/** Which engine moves the bytes: the fastest that works here, one by name, or an object (as tests do). */
export type EngineChoice = 'auto' | 'node' | Engine;

/**
 * Finds the engine for a choice; `SOCKETSERVER_ENGINE` decides where the choice is `auto`.
 *
 * @throws TypeError for an unknown name.
 */
export function chooseEngine(choice: EngineChoice = 'auto'): Engine {
  if (typeof choice === 'object') return choice;
  const name = choice === 'auto' ? (process.env['SOCKETSERVER_ENGINE'] ?? 'auto') : choice;
  if (name === 'auto' || name === 'node' || name === '') return nodeEngine;
  throw new TypeError(`Cannot choose an engine: it must be 'auto' or 'node', got '${name}'`);
}

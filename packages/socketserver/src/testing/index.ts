import '../require-node.ts';

export {
  createMemoryEngine,
  type MemoryConnectOptions,
  type MemoryEngine,
  type MemoryEngineOptions,
} from './memory-engine/memory-engine.ts';
export { VirtualClock } from './virtual-clock.ts';

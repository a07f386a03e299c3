import '../require-node.ts';

export { createMemoryEngine, type MemoryEngineOptions } from './memory-engine/memory-engine.ts';

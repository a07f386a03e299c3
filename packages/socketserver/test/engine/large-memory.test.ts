import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { largeMemoryTaken } from '../../src/engine/large-memory.ts';

/** What Node's types do not say of an entry. */
type GCEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };

const bufferBytes = 65_536;
const { NODE_PERFORMANCE_GC_MAJOR: major, NODE_PERFORMANCE_GC_MINOR: minor } = constants;

/** Counts V8's collections by their kind, while `action` runs. */
async function collectionsDuring(action: () => void | Promise<void>): Promise<Map<number, number>> {
  const kinds = new Map<number, number>();
  const count = (entries: PerformanceEntry[]): void => {
    for (const entry of entries) {
      const { kind } = (entry as GCEntry).detail;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  await action();
  await new Promise((resolve) => setImmediate(resolve)); // Node notes a collection in the turn after it
  count(observer.takeRecords());
  observer.disconnect();
  return kinds;
}

/** 256 MiB of buffers that come and go. */
async function takeBuffers(): Promise<void> {
  const held: Buffer[] = [];
  for (let taken = 0; taken < 4_096; taken += 1) {
    largeMemoryTaken(bufferBytes);
    held[taken % 4] = Buffer.allocUnsafeSlow(bufferBytes);
    if (taken % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Only tells of so many. */
function tellOf(buffers: number): void {
  for (let taken = 0; taken < buffers; taken += 1) largeMemoryTaken(bufferBytes);
}

describe('large memory', () => {
  it('is freed by young collections, before V8 makes a full one for it', async () => {
    await takeBuffers(); // what starting has left behind is collected
    const kinds = await collectionsDuring(takeBuffers);
    const young = kinds.get(minor) ?? 0;
    const full = kinds.get(major) ?? 0;
    assert.ok(young >= 6, `${young} young collections for 256 MiB`);
    assert.ok(full <= young / 4, `${full} full collections beside ${young} young ones`);
  });

  it('leaves litter also when V8 has optimized that', async () => {
    tellOf(131_072);
    const kinds = await collectionsDuring(() => tellOf(65_536));
    const young = kinds.get(minor) ?? 0;
    assert.ok(young >= 64, `${young} young collections for 4 GiB`);
  });
});

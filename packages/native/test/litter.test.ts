import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { Litter } from '../lib/litter.ts';

describe('litter', () => {
  it('fills the room of young objects before V8 counts 64 MiB of large buffers', () => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')!;
    const litter = new Litter();
    litter.drop();
    const buffers = (64 * 1024 * 1024) / (64 * 1024);
    assert.ok(litter.last.length * 8 * buffers > young.space_size, `${litter.last.length} words`);
  });

  it('is new for each buffer', () => {
    const litter = new Litter();
    litter.drop();
    const { last } = litter;
    litter.drop();
    assert.notEqual(litter.last, last);
  });
});

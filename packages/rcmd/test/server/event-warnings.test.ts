import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { EventWarnings } from '../../src/server/core/event-warnings.ts';

describe('warnings of a listener that fails', () => {
  it('are at most ten a minute, and the next one says how many were left out', async () => {
    const seen: string[] = [];
    const take = (warning: Error): void => void seen.push(warning.message);
    process.on('warning', take);
    let now = 0;
    const warnings = new EventWarnings(() => now);
    const event = { type: 'audit-failed', reason: 'x' } as const;
    for (let count = 0; count < 1_000; count += 1) warnings.warn(event, new Error('oh'));
    now = 60_000;
    const last = once(process, 'warning');
    warnings.warn(event, new Error('oh'));
    await last;
    process.off('warning', take);
    assert.deepEqual(seen, [
      ...Array.from({ length: 10 }, () => 'onEvent failed at audit-failed: oh'),
      'onEvent failed at audit-failed, and 990 more times since the last warning: oh',
    ]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signalExitCode } from '../../src/terminal/exit-code.ts';

describe('the exit code for a signal', () => {
  it('is 128 and its number, for those too that Node has no name for', () => {
    const signals = ['SIGTERM', 'SIGABRT', 'SIGRTMIN', 'SIGRTMIN+3', 'SIGNOTHING'];
    assert.deepEqual(signals.map(signalExitCode), [143, 134, 162, 165, 128]);
  });
});

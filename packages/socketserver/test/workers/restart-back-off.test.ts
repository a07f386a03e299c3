import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RestartBackOff } from '../../src/workers/restart-back-off.ts';

function pauses(backOff: RestartBackOff, crashes: readonly ('at work' | 'by itself')[]): number[] {
  return crashes.map((crash) => backOff.crashed(crash === 'at work'));
}

describe('the pauses between crashes and starts', () => {
  it('grow to five seconds for workers that crash by themselves', () => {
    const crashes = Array.from({ length: 9 }, () => 'by itself' as const);
    assert.deepEqual(
      pauses(new RestartBackOff(), crashes),
      [0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
    );
  });

  it('stay at half a second where requests crash them, since other clients wait', () => {
    const crashes = Array.from({ length: 7 }, () => 'at work' as const);
    assert.deepEqual(pauses(new RestartBackOff(), crashes), [0, 100, 200, 400, 500, 500, 500]);
  });

  it('begin anew once a request was served', () => {
    const backOff = new RestartBackOff();
    pauses(backOff, ['at work', 'at work', 'by itself']);
    backOff.recovered();
    assert.deepEqual(pauses(backOff, ['by itself', 'at work']), [0, 100]);
  });
});

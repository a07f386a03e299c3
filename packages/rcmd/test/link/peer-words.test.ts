import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NotStartedError } from '../../src/link/client-channel.ts';
import { ConnectionLostError } from '../../src/link/connection-lost-error.ts';

const hostile = 'gone\u001b[2J\u009b31m\u202eback\nnext';
const harmless = 'gone\\u{1b}[2J\\u{9b}31m\\u{202e}back\nnext';

describe('what a peer says', () => {
  it('reaches a terminal by no error', () => {
    const failure = { code: 'FAILED', message: hostile } as const;
    assert.equal(new NotStartedError(failure).message, `Nothing was run: ${harmless}`);
    assert.equal(new ConnectionLostError(hostile).message, `The connection was lost: ${harmless}`);
  });

  it('stays as it came beside the error', () => {
    const goAway = { code: 'DENIED', message: hostile } as const;
    assert.equal(new ConnectionLostError(hostile, { goAway }).goAway?.message, hostile);
  });
});

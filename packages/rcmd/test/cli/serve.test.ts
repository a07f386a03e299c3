import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endedAtFirstWord } from '../../../socketserver/test/support/ended-at-first-word.ts';
import { Machine } from '../support/machine.ts';

describe('rcmd serve', () => {
  it('ends in good order at a signal that comes as soon as it says something', async () => {
    using machine = new Machine();
    const listen = ['--listen', '127.0.0.1:0', '--insecure-classic', '127.0.0.1:0'];
    const env = { NODE_OPTIONS: `--import=${endedAtFirstWord}` };
    const { code, stdout } = await machine.run(['serve', ...listen], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^key SHA256:\S+\nlistening on \S+\nlistening on \S+ \(classic\)\n$/);
  });
});

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { History, historySize } from '../../src/prompt/history.ts';
import { temporaryFolder } from '../support/commands.ts';

describe('the history of a prompt', () => {
  it('is the newest line first, for its user only', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'rcmd', 'history');
    const history = new History(path);
    assert.deepEqual(history.load(), []);
    for (const line of ['one', 'two', 'two', ' secret', 'three']) history.add(line);
    assert.deepEqual(new History(path).load(), ['three', 'two', 'one']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('keeps commands of several lines, and those that end in a backslash', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    const history = new History(path);
    const commands = ['cat <<A\n\nb\nA', 'echo a\\\nb', 'echo \\\\', 'after'];
    for (const command of commands) history.add(command);
    const kept = new History(path).load().toReversed();
    assert.deepEqual(kept, ['cat <<A\n\nb\nA', 'echo a\\\nb', 'echo \\\\ ', 'after']);
  });

  it('keeps what another prompt adds', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    const [one, other] = [new History(path), new History(path)];
    one.add('a');
    other.add('b');
    one.add('c');
    assert.deepEqual(new History(path).load(), ['c', 'b', 'a']);
  });

  it('is cut when it has grown', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    writeFileSync(path, Array.from({ length: 2 * historySize }, (_, index) => `line ${index}\n`).join(''));
    const lines = new History(path).load();
    assert.equal(lines.length, historySize);
    assert.equal(lines[0], `line ${2 * historySize - 1}`);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, historySize + 1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});

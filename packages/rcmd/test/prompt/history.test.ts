import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { History, historySize } from '../../src/prompt/history.ts';
import { temporaryFolder } from '../support/commands.ts';

describe('the history of a prompt', () => {
  it('is the newest line first, for its user only', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'rcmd', 'history');
    const history = new History(path, assert.fail);
    assert.deepEqual(history.load(), []);
    for (const line of ['one', 'two', 'two', ' secret', 'three']) history.add(line);
    assert.deepEqual(new History(path, assert.fail).load(), ['three', 'two', 'one']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('keeps commands of several lines, and those that end in a backslash', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    const history = new History(path, assert.fail);
    const commands = ['cat <<A\n\nb\nA', 'echo a\\\nb', 'echo \\\\', 'after'];
    for (const command of commands) history.add(command);
    const kept = new History(path, assert.fail).load().toReversed();
    assert.deepEqual(kept, ['cat <<A\n\nb\nA', 'echo a\\\nb', 'echo \\\\ ', 'after']);
  });

  it('keeps what another prompt adds', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    const [one, other] = [new History(path, assert.fail), new History(path, assert.fail)];
    one.add('a');
    other.add('b');
    one.add('c');
    assert.deepEqual(new History(path, assert.fail).load(), ['c', 'b', 'a']);
  });

  it('is cut when it has grown', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    writeFileSync(path, Array.from({ length: 2 * historySize }, (_, index) => `line ${index}\n`).join(''));
    const lines = new History(path, assert.fail).load();
    assert.equal(lines.length, historySize);
    assert.equal(lines[0], `line ${2 * historySize - 1}`);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, historySize + 1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is not kept behind a link, which is told of once', () => {
    using folder = temporaryFolder();
    const [path, other] = [join(folder.path, 'history'), join(folder.path, 'other')];
    writeFileSync(other, 'mine\n');
    symlinkSync(other, path);
    const told: string[] = [];
    const history = new History(path, (problem) => told.push(problem));
    assert.deepEqual(history.load(), []);
    history.add('one');
    history.add('two');
    assert.deepEqual(told, [
      `${path} is a link, and must be a file of the user who runs this; look at it, then move it away or name another place: ls -ld ${path}`,
    ]);
    assert.equal(readFileSync(other, 'utf8'), 'mine\n');
  });

  it('is not kept where its file cannot be written, which is told of once', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'file/history');
    const told: string[] = [];
    const history = new History(path, (problem) => told.push(problem));
    assert.deepEqual(history.load(), []);
    writeFileSync(join(folder.path, 'file'), '');
    history.add('one');
    history.add('two');
    assert.equal(told.length, 1);
    assert.match(told[0]!, /file/);
  });

  it('is not kept at /dev/null, and nothing is said', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    symlinkSync('/dev/null', path);
    const history = new History(path, assert.fail);
    assert.deepEqual(history.load(), []);
    history.add('one');
    assert.equal(readlinkSync(path), '/dev/null');
    assert.equal(statSync('/dev/null').isCharacterDevice(), true);
  });
});

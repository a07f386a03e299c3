import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { AuditIndex } from '../../src/audit/audit-index.ts';
import type { AuditRecord } from '../../src/audit/audit-record.ts';
import { AuditTail } from '../../src/audit/audit-tail.ts';
import { AuditJournal, journalFiles, verifyJournals } from '../../src/audit/journal.ts';
import { journalLines, lastLineOf } from '../../src/audit/journal-lines.ts';
import { printable, printableCommand } from '../../src/audit/printable.ts';
import { temporaryFolder } from '../support/commands.ts';
import { needs } from '../support/needs.ts';

function fill(folder: string, count: number, principal = 'SHA256:x'): AuditJournal {
  const journal = new AuditJournal(folder);
  for (let number = 0; number < count; number += 1) {
    journal.write({
      event: 'start',
      connectionId: 'c',
      commandId: `k${number}`,
      address: '192.0.2.1',
      principal,
      argv: ['echo', `number ${number}`],
    });
  }
  journal.close();
  return journal;
}

describe('the audit', () => {
  it('adds lines to a file that is closed to others, and its chain is whole', () => {
    using folder = temporaryFolder();
    const { path } = fill(folder.path, 3);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 3);
    assert.deepEqual(verifyJournals(folder.path), []);
  });

  const damages: [string, (lines: string[]) => string[], RegExp, number][] = [
    [
      'a word that was changed',
      (lines) => lines.map((line, index) => (index === 1 ? line.replace('number 1', 'number 7') : line)),
      /was changed/,
      2,
    ],
    ['a line that was removed', (lines) => lines.toSpliced(1, 1), /before it/, 2],
    ['two lines that changed places', (lines) => [lines[1]!, lines[0]!, lines[2]!], /before it/, 1],
    ['a line that was put in', (lines) => lines.toSpliced(1, 0, lines[0]!), /before it/, 2],
    ['a line that is no record', (lines) => lines.toSpliced(1, 0, '{}'), /cannot be read/, 2],
  ];
  for (const [name, damage, words, line] of damages) {
    it(`shows ${name}`, () => {
      using folder = temporaryFolder();
      const { path } = fill(folder.path, 3);
      const lines = readFileSync(path, 'utf8').trim().split('\n');
      writeFileSync(path, `${damage(lines).join('\n')}\n`);
      const [problem] = verifyJournals(folder.path);
      assert.deepEqual([problem?.file, problem?.line], [path, line]);
      assert.match(problem!.problem, words);
    });
  }

  it(
    'has no half line after the disk was full, and goes on when it is not any more',
    needs('prlimit'),
    () => {
      using folder = temporaryFolder();
      const journal = new AuditJournal(folder.path);
      const write = () =>
        journal.write({ event: 'start', connectionId: 'c', address: 'unix', principal: 'p' });
      const limit = (bytes: string) =>
        execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
      write();
      limit(String(statSync(journal.path).size + 10));
      try {
        assert.throws(write, /Only 10 of \d+ bytes/);
      } finally {
        limit('unlimited');
      }
      write();
      journal.close();
      assert.deepEqual(verifyJournals(folder.path), []);
    },
  );

  it('is read as it is, however its lines and the pieces of the file meet, and by what is long and no record', () => {
    using folder = temporaryFolder();
    const journal = new AuditJournal(folder.path);
    for (let bytes = 0; bytes < 700_000; bytes += 50_000)
      journal.write({
        event: 'start',
        connectionId: 'c',
        address: 'unix',
        shell: 'ä'.repeat(20_000 + bytes / 1_000),
      });
    journal.close();
    const { size } = statSync(journal.path);
    assert.deepEqual(verifyJournals(folder.path), []);
    fill(folder.path, 1); // begins after the last line of the long one
    assert.deepEqual(verifyJournals(folder.path), []);
    const lines = [...journalLines(journal.path)];
    assert.deepEqual([lines.length, lines.at(-1)!.end], [14, size]);
    assert.equal(lines.map(({ text }) => `${text}\n`).join(''), readFileSync(journal.path, 'utf8'));
    assert.equal([...journalLines(journal.path, lines[3]!.end)][0]!.text, lines[4]!.text);
    assert.deepEqual(lastLineOf(journal.path), { text: lines.at(-1)!.text, end: size });

    appendFileSync(journal.path, `${'x'.repeat(3_000_000)}\n`);
    const { line, problem } = verifyJournals(folder.path)[0]!;
    assert.deepEqual([line, problem], [15, 'the line cannot be read']);
  });

  it('shows a file that is gone', () => {
    using folder = temporaryFolder();
    const first = fill(folder.path, 2);
    fill(folder.path, 2);
    assert.deepEqual(verifyJournals(folder.path), []);
    rmSync(first.path);
    assert.match(verifyJournals(folder.path)[0]!.problem, /a file before it is gone/);
  });

  it('shows a line that is cut off', () => {
    using folder = temporaryFolder();
    const { path } = fill(folder.path, 2);
    appendFileSync(path, '{"seq":3');
    assert.deepEqual(verifyJournals(folder.path)[0], {
      file: path,
      line: 3,
      problem: 'the last line is cut off',
    });
  });

  it('is found by what was run, by whom, from where and when', () => {
    using folder = temporaryFolder();
    fill(folder.path, 5);
    fill(folder.path, 5, 'uid:1000');
    using index = new AuditIndex(folder.path);
    assert.equal(index.update(), 10);
    assert.deepEqual(
      index.search({ command: 'number 3' }).map(({ commandId }) => commandId),
      ['k3', 'k3'],
    );
    assert.equal(index.search({ principal: 'uid:1000' }).length, 5);
    assert.deepEqual(
      index.search({ principal: 'uid:1000', limit: 2 }).map(({ commandId }) => commandId),
      ['k3', 'k4'],
    );
    assert.equal(index.search({ event: 'end' }).length + index.search({ address: 'x' }).length, 0);
    assert.deepEqual(
      [index.search({ since: '2020' }).length, index.search({ until: '2020' }).length],
      [10, 0],
    );
    assert.deepEqual(index.search({ command: "' OR 1=1 --" }), []);
  });

  it('knows of which commands the end is still to come, and remembers no others while it is followed', async () => {
    using folder = temporaryFolder();
    const journal = new AuditJournal(folder.path);
    const write = (event: AuditRecord['event'], commandId: string, argv?: string[]): void =>
      journal.write({
        event,
        connectionId: 'c',
        commandId,
        address: 'unix',
        principal: 'p',
        ...(argv && { argv }),
      });
    write('start', 'ended', ['sleep', '1']);
    write('end', 'ended');
    write('start', 'runs', ['sleep', '2']);
    write('start', 'other', ['echo']);
    write('denied', 'never', ['sleep', '3']);
    using index = new AuditIndex(folder.path);
    index.update();
    const commands = new Set(index.running('sleep'));
    assert.deepEqual([...commands], ['runs']);
    using tail = new AuditTail(folder.path);
    write('start', 'short', ['sleep', '4']);
    write('end', 'short');
    write('failed', 'broken', ['sleep', '5']);
    write('end', 'other');
    write('end', 'runs');
    write('start', 'last', ['sleep', '6']);
    journal.close();
    const followed: string[] = [];
    for await (const { commandId = '' } of tail.records({ command: 'sleep', event: 'start' }, commands)) {
      followed.push(commandId);
      if (commandId === 'last') break;
    }
    assert.deepEqual([followed, [...commands]], [['short', 'last'], ['last']]);
  });

  it('is followed as it grows, half a line at a time', () => {
    using folder = temporaryFolder();
    const { path } = fill(folder.path, 1);
    using index = new AuditIndex(folder.path);
    assert.equal(index.update(), 1);
    const other = fill(folder.path, 1);
    const text = readFileSync(other.path, 'utf8');
    writeFileSync(other.path, text.slice(0, 20));
    assert.equal(index.update(), 0);
    appendFileSync(other.path, text.slice(20));
    assert.equal(index.update(), 1);
    assert.equal(index.update(), 0);
    assert.equal(journalFiles(folder.path).length, 2);
    assert.deepEqual(verifyJournals(folder.path), [], path);
  });
});

describe('text from elsewhere', () => {
  it('cannot do anything to a terminal', () => {
    assert.equal(printable('a\x1b[2J\r\n\x07\x9b\u202Eb\\'), 'a\\u{1b}[2J\\r\\n\\u{7}\\u{9b}\\u{202e}b\\\\');
    assert.equal(
      printableCommand(['echo', 'a b', "it's", '\x1b[31m', '']),
      `echo 'a b' 'it'\\''s' '\\u{1b}[31m' ''`,
    );
  });
});

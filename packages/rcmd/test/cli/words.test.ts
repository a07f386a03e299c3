import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEnvironment } from '../../src/cli/environment-option.ts';
import { type ExecCall, parseExecWords } from '../../src/cli/exec-words.ts';
import { formatDuration, parseDuration } from '../../src/terminal/duration.ts';

function wordsOf(words: readonly string[], call: Partial<ExecCall> = {}) {
  return parseExecWords({ words, isWithoutHost: false, isShell: false, hasDefaultHost: false, ...call });
}

describe('the words of rcmd exec', () => {
  it('are a host, and a command that is taken as it stands', () => {
    assert.deepEqual(wordsOf(['lab', '--', 'ls', '-l', '--', '-s']), {
      host: 'lab',
      argv: ['ls', '-l', '--', '-s'],
    });
    assert.deepEqual(wordsOf(['lab', 'ls', '-l']), { host: 'lab', argv: ['ls', '-l'] });
    assert.deepEqual(wordsOf(['ls', '-l'], { isWithoutHost: true }), { host: undefined, argv: ['ls', '-l'] });
  });

  it('are a host and one string for a shell', () => {
    assert.deepEqual(wordsOf(['lab', '-s', 'a && b']), { host: 'lab', shell: 'a && b' });
    assert.deepEqual(wordsOf(['lab', 'a && b'], { isShell: true }), { host: 'lab', shell: 'a && b' });
    assert.deepEqual(wordsOf(['lab', '--', '-a'], { isShell: true }), { host: 'lab', shell: '-a' });
    assert.deepEqual(wordsOf(['lab', '--', '-s', 'x']), { host: 'lab', argv: ['-s', 'x'] });
  });

  it('are the string alone where another place names the host', () => {
    const call = { isShell: true, hasDefaultHost: true };
    assert.deepEqual(wordsOf(['a && b'], call), { host: undefined, shell: 'a && b' });
    assert.deepEqual(wordsOf(['lab', 'a && b'], call), { host: 'lab', shell: 'a && b' });
    assert.deepEqual(wordsOf(['lab', '-s', 'a'], { hasDefaultHost: true }), { host: 'lab', shell: 'a' });
    assert.throws(() => wordsOf(['a && b'], { isShell: true }), {
      message: /Name a server: rcmd exec HOST -s/,
    });
    assert.throws(() => wordsOf(['lab', '-s']), { message: /one string, got 0/ });
    assert.throws(() => wordsOf([], call), { message: /one string, got 0/ });
  });

  it('are refused with what would be right', () => {
    assert.throws(() => wordsOf(['lab']), { code: 'USAGE', message: /rcmd exec HOST -- CMD/ });
    for (const words of [
      ['lab', '--', ''],
      ['lab', '', '-l'],
      ['lab', '--', '', ''],
    ]) {
      assert.throws(() => wordsOf(words), {
        code: 'USAGE',
        message: /name of the program must not be empty: rcmd exec/,
      });
    }
    assert.throws(() => wordsOf(['lab', '-s', 'a', 'b']), { message: /one string, got 2/ });
    assert.throws(() => wordsOf(['lab', '-i', '--', 'cat']), {
      message: /before HOST, where -i would be one of rcmd's: rcmd exec \[OPTIONS\] lab -- CMD/,
    });
  });
});

describe('-e', () => {
  it('sets variables or copies ours', () => {
    assert.deepEqual(parseEnvironment(['A=1=2', 'B', 'C', 'D='], { B: 'two\nlines' }), {
      A: '1=2',
      B: 'two\nlines',
      D: '',
    });
  });

  it('repeats nothing of what it refuses', () => {
    assert.throws(
      () => parseEnvironment(['my-token=hush']),
      ({ message }: Error) => !/hush|token/.test(message),
    );
  });
});

describe('lengths of time', () => {
  it('are read as people write them', () => {
    const texts = ['30', '30s', '1.5m', '1m30s', '250ms', '2h', '1d'];
    assert.deepEqual(
      texts.map((text) => parseDuration(text)),
      [30_000, 30_000, 90_000, 90_000, 250, 7_200_000, 86_400_000],
    );
    for (const text of ['', '0', '0s', '-1s', '5 s', '5x', 's', '1e3'])
      assert.equal(parseDuration(text), undefined);
  });

  it('are written for people', () => {
    assert.deepEqual(
      [400, 12_040, 185_000, 7_260_000].map((ms) => formatDuration(ms)),
      ['0.4s', '12.0s', '3m05s', '2h01m'],
    );
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeCommand, quote } from '../../src/client/quote.ts';
import { argumentsOf, lineOf, type TemplateValue } from '../../src/client/template.ts';

const argv = (strings: TemplateStringsArray, ...values: TemplateValue[]): string[] =>
  argumentsOf(strings, values);
const line = (strings: TemplateStringsArray, ...values: TemplateValue[]): string => lineOf(strings, values);

/** Any text that an argument can hold: of all characters, mostly those that mean something to a shell. */
const aWord = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;#~ \t\n\r=%-`.split('')),
      fc.string({ unit: 'binary' }),
    ),
  })
  .map((text) => text.replaceAll('\0', '').toWellFormed());

describe('quote()', () => {
  it('makes one word of any text, for a real /bin/sh', () => {
    fc.assert(
      fc.property(fc.array(aWord, { minLength: 1, maxLength: 200 }), (words) => {
        const script = `printf '%s\\0' ${words.map(quote).join(' ')}`;
        const output = execFileSync('/bin/sh', ['-c', script], { maxBuffer: 1e8 }).toString();
        assert.deepEqual(output.split('\0').slice(0, -1), words);
      }),
      { numRuns: Number(process.env['RCMD_QUOTES'] ?? 50) },
    );
  });

  it('leaves plain words plain, and refuses NUL', () => {
    assert.deepEqual(['a-b_c.d/e:f@g%h+i=j,k', '', "it's"].map(quote), [
      'a-b_c.d/e:f@g%h+i=j,k',
      "''",
      `'it'\\''s'`,
    ]);
    assert.throws(() => quote('\0'), TypeError);
  });
});

describe('escapeCommand()', () => {
  it('writes what bash reads as the same command, without anything that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.array(aWord, { minLength: 1, maxLength: 20 }), (words) => {
        const escaped = escapeCommand(words);
        assert.doesNotMatch(escaped, /[\p{Cc}\p{Cf}]/u);
        const script = `printf '%s\\0' ${escaped}`;
        const output = execFileSync('bash', ['-c', script], { env: { LC_ALL: 'C.UTF-8' } }).toString();
        assert.deepEqual(output.split('\0').slice(0, -1), words);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a template of arguments', () => {
  it('is parted by spaces, and by nothing in its values', () => {
    assert.deepEqual(argv`ls -l ${'a b'}`, ['ls', '-l', 'a b']);
    assert.deepEqual(
      argv`  ls
        ${'$HOME'}	*.ts  `,
      ['ls', '$HOME', '*.ts'],
    );
    assert.deepEqual(argv`x${'a b'}y${'c'} z`, ['xa byc', 'z']);
    assert.deepEqual(argv`${'ls'}${''} ${''}`, ['ls', '']);
    assert.deepEqual(argv`head -n ${5}`, ['head', '-n', '5']);
  });

  it('takes lists apart', () => {
    assert.deepEqual(argv`ls ${['a', 'b c', 7]}`, ['ls', 'a', 'b c', '7']);
    assert.deepEqual(argv`ls --x=${['a', 'b']}.ts ${[]}`, ['ls', '--x=a', 'b.ts']);
  });

  it('gives each word of any list as it is', () => {
    fc.assert(
      fc.property(fc.array(aWord), aWord, (words, word) => {
        assert.deepEqual(argv`run ${words} ${word} -${word}`, ['run', ...words, word, `-${word}`]);
      }),
    );
  });

  it('refuses other values, and needs a program', () => {
    assert.throws(
      () => argv`ls ${undefined as unknown as string}`,
      /value 1 must be text, a number or a list/,
    );
    assert.throws(() => argv`ls ${{} as unknown as string}`, TypeError);
    assert.throws(() => argv`ls ${[['a']] as unknown as string[]}`, TypeError);
    assert.throws(() => argv`  `, /must name a program/);
  });
});

describe('a template of a line', () => {
  it('keeps its own text, and quotes its values', () => {
    assert.equal(line`grep ${"it's"} *.txt | sort > ${'a b'}`, `grep 'it'\\''s' *.txt | sort > 'a b'`);
    assert.equal(line`ls ${['a', 'b c']} ${[]};`, `ls a 'b c' ;`);
    assert.equal(line`exit ${3}`, 'exit 3');
    assert.throws(() => line`ls ${null as unknown as string}`, TypeError);
    assert.throws(() => line`ls ${'\0'}`, TypeError);
  });
});

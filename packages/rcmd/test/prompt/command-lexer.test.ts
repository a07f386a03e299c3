import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommandLexer } from '../../src/prompt/command-lexer.ts';

const whole = [
  '',
  '# it\'s a comment with " and $( and |',
  'echo a # it\'s "one',
  'echo a#b\\#c',
  `echo 'a "b' "c 'd"`,
  `echo "a\\"b" a\\'b`,
  `echo 'a\nb' "c\nd"`,
  'echo a\\\nb',
  'echo $((1 << 2)) $(( (3) + $(echo 4) ))',
  'echo $((1 # 2))',
  `echo "\${x:-it's}" \${x:-'}'} "\${x#'}'}"`,
  'echo ${x:-$(echo "}")} ${#x}',
  'echo $(echo ")" \'(\') `echo "a b"`',
  'echo $(case a in a) echo b;; esac)',
  '(cd /; ls); ((i = 1 << 2))',
  'echo a |\n\n# comment\ncat',
  'true &&\ntrue ||\nfalse',
  'if a; then b; elif c; then d; else e; fi',
  'if a\nthen\n if b; then c; fi\nfi',
  'for x in if do done case; do echo $x; done',
  'for x do echo; done',
  'while a; do until b; do c; done; done >f <g',
  'case $x in a|b) c;; (d) e; esac',
  'case x\nin\n a) for i in 1; do b; done;;\n *) ;;\nesac',
  'case in in in) esac;; esac',
  '{ a; { b; }; }',
  'f() { a; }',
  'f ()\n{\n a\n}',
  'f() ( a )',
  'echo if then { } fi done esac',
  'echo { a',
  'cat <<A\nit\'s "a $(\nA',
  'cat <<-A\n\tb\n\t\tA',
  `cat <<'A b'\n$(\nA b`,
  'cat <<A <<"B"; echo c\na\nA\nb\nB',
  'cat <<\\A\nx\\\nA',
  'cat <<A\nx\\\nA\nA',
  'cat <<A | {\nx\nA\ncat\n}',
  'echo $(cat <<A\n)\nA\n)',
  "cat <<A - $(echo\n)\nit's\nA",
  'cat <<<word',
  'a=(1 2); b=()',
  'echo a >&2 2>/dev/null &',
  'echo b;',
  ') }',
  'echo $(if)',
  "echo $'it\\'s'",
  'a\u00a0b',
  'for ((i = 0; i < 3; i++)); do echo; done',
];

const open: readonly (readonly [string, string])[] = [
  ["echo 'a", "'"],
  ['echo "a', '"'],
  [`echo "it's`, '"'],
  ['echo a\\', 'the line after \\'],
  ['echo `a', '`'],
  ['echo $(a', ')'],
  ['echo $((1 + (2))', ')'],
  ['echo ${a', '}'],
  ['echo "${a:-"b}"', '}'],
  ['a |', 'a command after |'],
  ['a && # b', 'a command after &&'],
  ['a ||', 'a command after ||'],
  ['if a', 'fi'],
  ['if a; then echo fi', 'fi'],
  ['for x in a b', 'done'],
  ['for x in a; do if b; then c', 'fi'],
  ['while a; do b', 'done'],
  ['case a in b) c;;', 'esac'],
  ['case a', 'esac'],
  ['{ a; echo }', '}'],
  ['(a', ')'],
  ['f()', 'the body of the function'],
  ['f() {', '}'],
  ['echo a; ! { b', '}'],
  ['cat <<A', 'the end of the here-document, A'],
  ['cat <<A\n A', 'the end of the here-document, A'],
  ['cat <<-A\n A', 'the end of the here-document, A'],
  ["cat <<'A B'\nA", 'the end of the here-document, A B'],
  ['cat <<A <<B\nA', 'the end of the here-document, B'],
  ['cat <<A\nx\\\nA', 'the end of the here-document, A'],
  ['cat <<A && \nx\nA', 'a command after &&'],
  ['((cat <<A))', 'the end of the here-document, A'],
];

/** What each line is answered with. */
function answers(command: string): (string | undefined)[] {
  const lexer = new CommandLexer();
  return command.split('\n').map((line) => lexer.add(line));
}

describe('a command', () => {
  for (const command of whole) {
    it(`is whole with its last line, and not before: ${JSON.stringify(command)}`, () => {
      const given = answers(command);
      assert.equal(given.at(-1), undefined);
      assert.ok(!given.slice(0, -1).includes(undefined), String(given));
      assert.equal(new CommandLexer().add(command), undefined); // as when it is recalled
    });
  }
  for (const [command, missing] of open) {
    it(`looks for ${missing}: ${JSON.stringify(command)}`, () => {
      const given = answers(command);
      assert.equal(given.at(-1), missing);
      assert.ok(!given.includes(undefined), String(given));
    });
  }
});

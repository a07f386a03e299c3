import fc, { type Arbitrary } from 'fast-check';

/**
 * Texts of shell commands from the grammar of POSIX, whole ones and beginnings of them: quotations, expansions, here-documents,
 * comments, compounds, functions; in all of them what would end another one.
 *
 * @see POSIX.1-2024, Shell Command Language, 2.10.2
 */
export function shellText(): Arbitrary<string> {
  const whole = commands();
  const cut = fc
    .tuple(whole, fc.integer({ min: 1, max: 1000 }))
    .map(([text, where]) => text.slice(0, Math.ceil((text.length * where) / 1000)));
  const wounded = fc
    .tuple(cut, fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 3 }))
    .map(([text, where, length]) => {
      const at = Math.floor((text.length * where) / 1000);
      return text.slice(0, at) + text.slice(at + length);
    });
  return fc.oneof(
    { weight: 1, arbitrary: whole },
    { weight: 2, arbitrary: cut },
    { weight: 1, arbitrary: wounded },
  );
}

/** Characters that mean something somewhere. */
const plain = fc.constantFrom(
  'a',
  'b',
  'if',
  'esac',
  'in',
  'x1',
  '=',
  '-',
  '.',
  '}',
  '{',
  '!',
  '#',
  '\u00a0',
);
const quotedCharacter = fc.constantFrom(
  'a',
  ' ',
  '\n',
  '#',
  '(',
  ')',
  '{',
  '}',
  ';',
  '&',
  '|',
  '<<A',
  'fi',
  '$ ',
  '=',
);
/** Newlines that end a command, after which here-documents are, told apart from those in words. */
const newline = '\u0001';
/** Stands, with a digit after it, for one of `hereDocuments`. */
const hereDocument = '\u0002';

/** No interface: `letrec` takes types that have an index signature. */
type Grammar = {
  readonly word: string;
  readonly simple: string;
  readonly command: string;
  readonly list: string;
};

function commands(): Arbitrary<string> {
  const { list } = fc.letrec<Grammar>((tie) => ({
    word: words(tie('list')),
    simple: simpleCommand(tie('word')),
    command: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: tie('simple') },
      { weight: 3, arbitrary: compound(tie('list'), tie('word')) },
    ),
    list: fc
      .tuple(
        fc.array(
          fc.tuple(
            tie('command'),
            fc.constantFrom(
              '; ',
              newline,
              ` &${newline}`,
              ' | ',
              ' && ',
              ` ||${newline}`,
              ` |${newline}${newline}`,
            ),
          ),
          { maxLength: 2 },
        ),
        tie('command'),
        fc.constantFrom('', '', ' # it\'s "a $( comment', ' #\\', ';', ' &'),
      )
      .map(([before, last, end]) => before.flat().join('') + last + end),
  }));
  return list.map((text) => withDocuments(text).slice(0, -1));
}

function words(list: Arbitrary<string>): Arbitrary<string> {
  const quoted = fc.array(quotedCharacter, { maxLength: 4 }).map((parts) => parts.join(''));
  const single = quoted.map((text) => `'${text}"\\'`);
  const inDouble = fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: quotedCharacter },
        fc.constantFrom("'", '\\"', '\\\\', '\\$', '\\`', '\\\n', '\\a'),
        { weight: 1, arbitrary: substitution(list) },
        { weight: 1, arbitrary: quoted.map((text) => `\${x:-${text.replaceAll(/[{}$]/g, '')}'}`) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            "${x#'}'}",
            '${x%%"}"}',
            '${x:-"}"}',
            '${#x}',
            '`echo "a"`',
            '`echo \\"a`',
            '${x:-`echo }`}',
            "`echo 'a'`",
          ),
        },
      ),
      { maxLength: 3 },
    )
    .map((parts) => `"${parts.join('')}"`);
  const piece = fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 1, arbitrary: fc.constantFrom("\\'", '\\"', '\\(', '\\ ', '\\\\', '\\#', '\\\n', '\\`', '$x') },
    { weight: 2, arbitrary: single },
    { weight: 2, arbitrary: inDouble },
    { weight: 1, arbitrary: substitution(list) },
    { weight: 1, arbitrary: fc.constantFrom("${x:-'}'}", '${x:-"}"}', '${x+\\}}', '${x#\n}', '${x:-a b}') },
  );
  return fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('').replace(/^#/, 'a#'));
}

function substitution(list: Arbitrary<string>): Arbitrary<string> {
  const sum = fc.constantFrom('1', '(1 << 2)', '$x', '( (3) )', '\n1', '${#x}', '$(echo 4)', '1 + (2)');
  return fc.oneof(
    {
      weight: 2,
      arbitrary: list.map((text) => `$(${text.startsWith('(') ? ' ' : ''}${withDocuments(text)})`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('`echo a`', '`echo \\`b\\``', '`echo \\\\`', "`\necho 'a b'`", '``'),
    },
    {
      weight: 1,
      arbitrary: fc.array(sum, { minLength: 1, maxLength: 2 }).map((parts) => `$((${parts.join(' + ')}))`),
    },
  );
}

function simpleCommand(word: Arbitrary<string>): Arbitrary<string> {
  const redirection = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom('>', '2>>', '<', '>|'), word).map((parts) => parts.join(' ')),
    },
    { weight: 2, arbitrary: fc.nat({ max: hereDocuments.length - 1 }).map((which) => hereDocument + which) },
  );
  const argument = fc.oneof({ weight: 5, arbitrary: word }, { weight: 1, arbitrary: redirection });
  return fc
    .tuple(
      fc.constantFrom('echo', 'cat', 'a=1', 'A= cat', '! :', '>f', '>f cat', 'echo\\\n'),
      fc.array(argument, { maxLength: 3 }),
    )
    .map(([name, rest]) => [name, ...rest].join(' '));
}

function compound(list: Arbitrary<string>, word: Arbitrary<string>): Arbitrary<string> {
  const gap = fc.constantFrom('; ', newline, newline + newline, `${newline}# it's${newline}`);
  const space = fc.constantFrom(' ', newline, ' \\\n');
  const name = fc.constantFrom('x', 'y1', '_in');
  const body = fc.tuple(list, fc.constantFrom(newline, `${newline} \t`)).map((parts) => parts.join(''));
  const pattern = fc.tuple(
    fc.constantFrom('', '('),
    fc.constantFrom('a', 'a | b', '"c)"', '*', '\\)', "'esac'", '$x'),
  );
  const clause = fc
    .tuple(
      pattern,
      space,
      fc.oneof(list, fc.constant('')),
      fc.constantFrom(`${newline};;${newline}`, `${newline};; # it's${newline}`, `${newline} ;; `),
    )
    .map(([[opener, text], ...rest]) => `${opener}${text})${rest.join('')}`);
  return fc.oneof(
    fc.tuple(space, body, space, body).map(([a, b, c, d]) => `if${a}${b}then${c}${d}fi`),
    fc.tuple(body, body, body, body).map(([a, b, c, d]) => `if ${a}then ${b}elif ${c}then :; else ${d}fi`),
    fc
      .tuple(fc.constantFrom('while', 'until'), body, space, body)
      .map(([a, b, c, d]) => `${a} ${b}do${c}${d}done`),
    fc
      .tuple(name, word, gap, space, body)
      .map(([a, b, c, d, e]) => `for ${a} in ${b} do done${c}do${d}${e}done`),
    fc.tuple(name, body).map(([a, b]) => `for ${a}${newline}do ${b}done`),
    fc
      .tuple(word, space, fc.array(clause, { maxLength: 2 }))
      .map(([a, b, c]) => `case ${a} in${b}${c.join('')}esac`),
    fc.tuple(space, body).map((parts) => `{${parts.join('')}}`),
    body.map((text) => `( ${text})`),
    fc.tuple(name, fc.constantFrom('()', ' ( )'), space, body).map(([a, b, c, d]) => `${a}${b}${c}{ ${d}}`),
    fc
      .tuple(body, fc.constantFrom('>f', '2>&1', `${hereDocument}0`, `${hereDocument}1`))
      .map(([a, b]) => `{ ${a}} ${b}`),
  );
}

/** What stands after a command, and the document to it. */
const hereDocuments: readonly (readonly [word: string, document: string])[] = [
  ['<<A', 'it\'s $x "\n A\nB\nA'],
  ['<< B', 'a\\\nB\nA\nB'],
  ["<<'C'", '$( ` \\\nC'],
  ['<<"C D"', 'C\nC D'],
  ['<<-E', '\t`echo a`\n\t\tE'],
  ['<<\\F', '${\nF'],
];

/** Puts each here-document after the newline that it waits for. */
function withDocuments(text: string): string {
  const waiting: string[] = [];
  // oxlint-disable-next-line eslint/no-control-regex
  return `${text}${newline}`.replaceAll(/\u0001|\u0002(\d)/g, (_mark, which?: string) => {
    if (which === undefined) return ['', ...waiting.splice(0), ''].join('\n');
    const [word, document] = hereDocuments[Number(which)] ?? ['', ''];
    waiting.push(document);
    return word;
  });
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import fc from 'fast-check';
import { CommandLexer } from '../../src/prompt/command-lexer.ts';
import { needs } from '../support/needs.ts';
import { shellText } from '../support/shell-text.ts';

/** The same texts each time; others with `RCMD_SEED`, and more of them with `RCMD_SHELL_TEXTS`. */
const seed = Number(process.env['RCMD_SEED'] ?? 7);
const numRuns = Number(process.env['RCMD_SHELL_TEXTS'] ?? 300);

/** Of texts that are wrong in another way than that they end too early, shells and the prompt need not say the same. */
type Answer = 'whole' | 'open' | 'wrong';

it('a command is whole for the prompt where it is for dash and for bash', needs('dash', 'bash'), () => {
  const texts = fc.sample(shellText(), { seed, numRuns });
  const byDash = answersOf('dash', texts);
  const byBash = answersOf('bash --posix', texts);
  const answers = { whole: 0, open: 0 };
  for (const [index, text] of texts.entries()) {
    const answer = byDash[index]!;
    if (answer === 'wrong' || answer !== byBash[index]) continue;
    answers[answer] += 1;
    const missing = new CommandLexer().add(text);
    assert.equal(missing === undefined ? 'whole' : 'open', answer, `${JSON.stringify(text)}: ${missing}`);
  }
  assert.ok(answers.whole > numRuns / 4 && answers.open > numRuns / 4, JSON.stringify(answers));
});

it('a command is whole with the same line, whether its lines come one by one or at once', () => {
  fc.assert(
    fc.property(shellText(), (text) => {
      const lines = text.split('\n');
      const lexer = new CommandLexer();
      const end = lines.findIndex((line) => lexer.add(line) === undefined);
      for (const [index] of lines.slice(0, end === -1 ? undefined : end + 1).entries()) {
        const missing = new CommandLexer().add(lines.slice(0, index + 1).join('\n'));
        assert.equal(missing === undefined, index === end, `after line ${index + 1}: ${missing}`);
      }
    }),
    { seed, numRuns },
  );
});

/** What a shell says that reads all and runs nothing. [POSIX: set -n] */
function answersOf(shell: string, texts: readonly string[]): Answer[] {
  const probes = texts.flatMap((text) => [`${text}\n`, `${text}\nfi\n`, `${text.replace(/\\$/, "'")}\n`]);
  const replies: string[] = [];
  for (let at = 0; at < probes.length; at += probesAtOnce) {
    const said = spawnSync('sh', ['-c', ask, shell, ...probes.slice(at, at + probesAtOnce)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    });
    replies.push(...said.stdout.split('\u0003').slice(0, -1));
  }
  assert.equal(replies.length, probes.length);
  return texts.map((text, index) => {
    const [reply, closed, quoted] = replies.slice(index * 3, index * 3 + 3).map(replyOf) as [
      Reply,
      Reply,
      Reply,
    ];
    if (!reply.isTaken) return reply.isAtEnd ? 'open' : 'wrong';
    // At its end shells take a here-document as ended, and a newline that is escaped as none: what follows them tells.
    const isJoined = /(?:^|[^\\])(?:\\\\)*\\$/.test(text) && !quoted.isTaken;
    return closed.isTaken || isJoined ? 'open' : 'whole';
  });
}

/** As many as fit on a command line. */
const probesAtOnce = 300;
const ask = `for text; do $0 -n -c "$text" 2>&1; printf '%s\\003' $?; done`;

interface Reply {
  readonly isTaken: boolean;
  /** Whether the shell wanted more. */
  readonly isAtEnd: boolean;
}

function replyOf(said: string): Reply {
  return {
    isTaken: said.endsWith('0'),
    isAtEnd: /end of file|EOF|Unterminated quoted string|Missing '/.test(said),
  };
}

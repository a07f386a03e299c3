import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/commands.ts';
import { Program, type ProgramEnd } from '../support/program.ts';
import { Served } from '../support/served.ts';

const program = fileURLToPath(new URL('../../bin/rcmd.cjs', import.meta.url));
const bundle = fileURLToPath(new URL('../../dist/cli/rcmd.cjs', import.meta.url));

/** What `rcmd exec` of the built package ends with. */
const exits: readonly (readonly [name: string, words: readonly string[], code: number, says: RegExp])[] = [
  ['the code of the command', ['HOST', '--', 'sh', '-c', 'exit 44'], 44, /^$/],
  ['124 when time is up', ['--timeout', '50ms', 'HOST', '--', 'sleep', '60'], 124, /it took too long\n$/],
  [
    '125 where nobody serves',
    ['unix:/nonexistent/socket', '--', 'true'],
    125,
    /^rcmd: .*\/nonexistent\/socket/,
  ],
  [
    '125 for what is no option',
    ['--no-such', 'HOST', '--', 'true'],
    125,
    /^rcmd: unknown option '--no-such'/,
  ],
  ['126 for what cannot be run', ['HOST', '--', '/etc/passwd'], 126, /^rcmd: .*cannot be executed/],
  [
    '127 for what is not there',
    ['HOST', '--', 'no-such-program'],
    127,
    /^rcmd: .*no program "no-such-program"/,
  ],
  ['128 and the signal', ['HOST', '-s', 'kill -TERM $$'], 143, /^$/],
];

describe('the command line that is built', { skip: existsSync(bundle) ? false : 'run npm run build' }, () => {
  let served: Served;
  before(async () => {
    served = await Served.start();
  });
  after(() => served[Symbol.asyncDispose]());

  const start = (args: readonly string[]): Program =>
    new Program([process.execPath, program, ...args], served.machine.env);

  const run = async (args: readonly string[]): Promise<ProgramEnd> => {
    await using running = start(args);
    return await running.finish();
  };

  for (const [name, words, code, says] of exits) {
    it(`ends exec with ${name}`, async () => {
      const end = await run(['exec', ...words.map((word) => (word === 'HOST' ? served.host : word))]);
      assert.deepEqual([end.code, end.stdout], [code, '']);
      assert.match(end.stderr, says);
    });
  }

  it('tells a refusal as JSON', async () => {
    const { code, stdout, stderr } = await run(['exec', '--json', served.host, '--', 'no-such-program']);
    assert.deepEqual([code, stderr], [127, '']);
    const { command, error } = JSON.parse(stdout) as { command: string[]; error: { code: string } };
    assert.deepEqual([command, error.code], [['no-such-program'], 'NOT_FOUND']);
  });

  it('passes an interrupt on, and ends as its command does', async () => {
    await using running = start([
      'exec',
      served.host,
      '-s',
      "trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done",
    ]);
    await running.stdout.until(/ready\n/);
    running.kill('SIGINT');
    assert.equal((await running.ended()).code, 9);
  });

  it('completes words', async () => {
    const { code, stdout } = await run(['complete', '--', 'exec', '--time']);
    assert.equal(code, 0);
    assert.match(stdout, /^--timeout/m);
  });
});

describe('a build', () => {
  const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

  it('takes nothing away before it has made what takes its place: servers run meanwhile', () => {
    const { scripts } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    assert.ok(!('prebuild' in scripts));
    assert.match(scripts['build']!, /&& node scripts\/remove-stale\.js$/);
  });

  it('takes away what earlier sources left, and nothing else', () => {
    using folder = temporaryFolder();
    const { path } = folder;
    for (const name of ['src/cli', 'dist/cli']) mkdirSync(join(path, name), { recursive: true });
    for (const name of ['a.ts', 'main.cts']) writeFileSync(join(path, 'src/cli', name), '');
    const wanted = ['a.d.ts', 'a.d.ts.map', 'a.js', 'a.js.map', 'main.cjs', 'main.d.cts', 'rcmd.cjs'];
    for (const name of [...wanted, 'gone.js', 'gone.js.map', 'gone.d.ts', 'main.js'])
      writeFileSync(join(path, 'dist/cli', name), '');
    execFileSync(process.execPath, [join(packageFolder, 'scripts/remove-stale.js'), path]);
    assert.deepEqual(readdirSync(join(path, 'dist/cli')).toSorted(), wanted);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Completion, completionFor } from '../../src/cli/completion/candidates.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import type { Program } from '../support/program.ts';

const program = await createProgram();
const servers = ['lab1', 'lab2', 'box'].map((word) => ({ word, description: 'target' }));

function completion(...words: readonly string[]): Completion {
  return completionFor(program, words, servers);
}

function wordsFor(...words: readonly string[]): string[] {
  return completion(...words).candidates.map(({ word }) => word);
}

describe('completion', () => {
  it('offers commands, options and the names of servers', () => {
    assert.deepEqual(wordsFor('s'), ['serve', 'shell', 'status']);
    assert.ok(!wordsFor('').includes('complete'));
    assert.deepEqual(wordsFor('exec', 'lab'), ['lab1', 'lab2']);
    assert.deepEqual(wordsFor('exec', '--timeout', '5s', '-n', 'b'), ['box']);
    assert.deepEqual(wordsFor('exec', '-nq', '-e', 'A=1', '--timeout=5s', 'b'), ['box']);
    assert.deepEqual(wordsFor('trust', '--forget', 'b'), ['box']);
    assert.deepEqual(wordsFor('shell', '--cl'), ['--classic']);
    assert.deepEqual(wordsFor('help', 'ex'), ['exec']);
    assert.deepEqual(wordsFor('completion', ''), ['bash', 'zsh', 'fish']);
  });

  it('offers what an option may be', () => {
    assert.deepEqual(wordsFor('serve', '--server', 't'), ['threading']);
    assert.deepEqual(wordsFor('serve', '--server=t'), ['--server=threading']);
    assert.deepEqual(wordsFor('status', '--host-keys', ''), ['ask', 'accept-new', 'strict']);
    assert.deepEqual(wordsFor('audit', '--event', 'd'), ['denied', 'disconnected']);
  });

  it('offers both ways of saying what to run right behind HOST, and nothing of ours after that', () => {
    assert.deepEqual(wordsFor('exec', 'lab1', '-'), ['--', '-s']);
    assert.deepEqual(wordsFor('exec', 'lab1', '--', '-'), []);
    assert.deepEqual(wordsFor('exec', 'lab1', 'ls', '--t'), []);
    assert.deepEqual(wordsFor('exec', 'lab1', 'ls', '--timeout', ''), []);
  });

  it('offers files where one may stand', () => {
    for (const words of [
      ['exec', 'lab1', ''],
      ['exec', 'lab1', '--', 'cat', '/et'],
      ['exec', '--', 'cat', ''],
      ['exec', 'unix:/r'],
      ['exec', '-w', ''],
      ['serve', '--listen', ''],
    ]) {
      assert.deepEqual(completion(...words), { candidates: [], takesFiles: true }, words.join(' '));
    }
  });

  it('offers nothing where only the person knows', () => {
    const nothing = { candidates: [], takesFiles: false };
    assert.deepEqual(completion('exec', '--timeout', ''), nothing);
    assert.deepEqual(completion('shell', 'lab1', ''), nothing);
    assert.deepEqual(completion('authorize', ''), nothing);
    assert.deepEqual(completion('nonsense', ''), nothing);
  });
});

it('completion offers no server whose name a shell would not take as it is', async () => {
  using machine = new Machine();
  mkdirSync(machine.file('.config/rcmd'), { recursive: true });
  const key = `SHA256:${'A'.repeat(43)}`;
  const known = ['$(touch${IFS}/tmp/x):8888', 'a;b:8888', '[::1]:7', 'lab.test:8888'];
  writeFileSync(
    machine.file('.config/rcmd/known_hosts'),
    known.map((address) => `${address} ${key}\n`).join(''),
  );
  const { stdout } = await machine.run(['complete', '--', 'status', '']);
  const offered = stdout.split('\n').flatMap((line) => (line.includes('\t') ? [line.split('\t')[0]] : []));
  assert.deepEqual(offered, ['[::1]:7', 'lab.test']);
});

/** How a shell starts with nothing of its user's, and what it needs before the script. */
const shells: Readonly<Record<string, { readonly command: readonly string[]; readonly before: string }>> = {
  bash: { command: ['bash', '--norc'], before: 'true' },
  zsh: { command: ['zsh', '-f'], before: 'autoload -U compinit; compinit -u' },
  fish: { command: ['fish', '--no-config'], before: 'true' },
};

/** A shell in a terminal, where `rcmd` is completed, and shows its words when it runs. */
async function startShell(name: string, machine: Machine): Promise<Program> {
  const { command, before } = shells[name]!;
  mkdirSync(machine.file('.config/rcmd'), { recursive: true, mode: 0o700 });
  mkdirSync(machine.file('bin'));
  const targets = { 'lab-1': { address: '10.0.0.5' }, 'lab-2': { address: '10.0.0.6' } };
  writeFileSync(machine.file('.config/rcmd/config.json'), JSON.stringify({ targets }));
  writeFileSync(machine.file('.config/rcmd/known_hosts'), `10.1.2.3:8888 SHA256:${'A'.repeat(43)}\n`);
  const rcmd = `[ "$1" = complete ] || { printf '<%s>' "$@"; exit; }\nexec ${machine.commandLine} "$@"`;
  writeFileSync(machine.file('bin/rcmd'), `#!/bin/sh\n${rcmd}\n`);
  chmodSync(machine.file('bin/rcmd'), 0o755);
  writeFileSync(machine.file('a file'), '');
  const script = machine.file('script');
  writeFileSync(script, (await machine.run(['completion', name])).stdout);
  const env = { PATH: `${machine.file('bin')}:${machine.env['PATH']}` };
  const shell = machine.shellTerminal(command, { env });
  shell.write(`cd ${machine.home}; ${before}; source ${script}; echo rea""dy\r`);
  await shell.stdout.until(/ready\r\n/);
  return shell;
}

const completed: Readonly<Record<string, string>> = {
  'sta\t': '<status>',
  'exec -e A=b -n lab\t1': '<exec><-e><A=b><-n><lab-1>',
  'exec 10.1\tuptime': '<exec><10.1.2.3><uptime>',
  'exec --host-k\tstr\tx': '<exec><--host-keys><strict><x>',
  'serve --server=th\t': '<serve><--server=threading>',
  'exec lab-1 -- cat scr\t': '<exec><lab-1><--><cat><script>',
  'exec unix:scr\t': '<exec><unix:script>',
  'exec "10.1\tuptime': '<exec><10.1.2.3><uptime>',
  "exec 'unix:scr\tuptime": '<exec><unix:script><uptime>',
  '"stat\t10.1.2\t': '<status><10.1.2.3>',
  'exec lab-1 -- cat "a f\tx': '<exec><lab-1><--><cat><a file><x>',
  'exec lab-1 -- cat a\\ f\tx': '<exec><lab-1><--><cat><a file><x>',
  'exec --host-keys="acc\tx': '<exec><--host-keys=accept-new><x>',
};

/** Names of files that a shell would run something of, or part, as they are. */
const hostile = [
  'x$(touch made)',
  'x`touch made`',
  "x';touch made;'",
  'x";touch made;"',
  'x;touch made',
  'x y',
];

it(
  'completion in bash puts no name of a file behind unix: that a shell might run',
  needs('bash'),
  async () => {
    using machine = new Machine();
    for (const file of ['x-plain.1', ...hostile]) writeFileSync(machine.file(file), '');
    writeFileSync(machine.file('script'), (await machine.run(['completion', 'bash'])).stdout);
    const ask = `
    rcmd() { echo :files; }
    cd ${machine.home}; source ./script
    COMP_LINE='rcmd exec "unix:x' COMP_POINT=17 COMP_WORDS=(rcmd exec '"unix:x') COMP_CWORD=2
    _rcmd; printf '<%s>' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', ask]);
    assert.equal(stdout, '<unix:x-plain.1>');
  },
);

for (const name of Object.keys(shells)) {
  describe(`completion in ${name}`, needs(name, 'python3'), () => {
    it('makes words whole', async () => {
      using machine = new Machine();
      await using shell = await startShell(name, machine);
      for (const [typed, words] of Object.entries(completed)) {
        shell.write(`rcmd ${typed}\r`);
        await shell.stdout.until(words);
      }
      shell.write('exit\r');
      await shell.ended();
    });

    it('runs nothing of the name of a file, and parts none', { timeout: 200_000 }, async ({ signal }) => {
      using machine = new Machine();
      await using shell = await startShell(name, machine);
      signal.addEventListener('abort', () => shell.kill('SIGKILL')); // so that whoever waits for its words learns of it
      for (const [index, file] of [hostile.slice(0, 3).join(''), hostile.slice(3).join('')].entries()) {
        const folder = `d${index}`;
        mkdirSync(machine.file(folder));
        writeFileSync(machine.file(folder, file), '');
        shell.write(`rcmd exec lab-1 -- cat ${folder}/x\t\r`);
        await shell.stdout.until(`<exec><lab-1><--><cat><${folder}/${file}>`);
        shell.write(`rcmd status unix:${folder}/x\t\r`);
        await shell.stdout.until(`<status><unix:${folder}/${file}>`);
        if (name !== 'bash') continue; // the others end the quotes themselves
        shell.write(`rcmd status "unix:${folder}/x\t"\r`);
        await shell.stdout.until(`<status><unix:${folder}/x>`); // nothing is offered where bash would not escape it
      }
      shell.write('exit\r');
      await shell.ended();
      assert.ok(!existsSync(machine.file('made')));
    });

    it('shows what there is to choose from', async () => {
      using machine = new Machine();
      await using shell = await startShell(name, machine);
      shell.write('rcmd exec l\t\t\t');
      await shell.stdout.until(/lab-1[^]*lab-2/);
      shell.write('\u0015exit\r'); // Ctrl-U takes the line away, and nothing that comes after it
      await shell.ended();
    });
  });
}

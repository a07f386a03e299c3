import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { candidatesFor } from '../../src/cli/completion/candidates.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { Program } from '../support/program.ts';

const program = await createProgram();

function wordsFor(...words: readonly string[]): string[] {
  return candidatesFor(program, words, ['lab1', 'lab2', 'box']).map(({ word }) => word);
}

describe('completion', () => {
  it('offers commands, options and the names of targets', () => {
    assert.deepEqual(wordsFor('s'), ['serve', 'shell', 'status']);
    assert.ok(!wordsFor('').includes('complete'));
    assert.deepEqual(wordsFor('exec', 'lab'), ['lab1', 'lab2']);
    assert.deepEqual(wordsFor('exec', '--timeout', '5s', '-n', 'b'), ['box']);
    assert.deepEqual(wordsFor('shell', '--cl'), ['--classic']);
    assert.deepEqual(wordsFor('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(wordsFor('serve', '--server', 't'), ['threading']);
  });

  it('offers nothing where only the person knows', () => {
    assert.deepEqual(wordsFor('exec', 'lab1', ''), []);
    assert.deepEqual(wordsFor('exec', 'lab1', '--', '-'), []);
    assert.deepEqual(wordsFor('exec', '--timeout', ''), []);
    assert.deepEqual(wordsFor('nonsense', ''), []);
  });

  const shells: readonly (readonly [name: string, script: (script: string) => string])[] = [
    [
      'bash',
      (script) =>
        `source ${script}; COMP_WORDS=(rcmd exec la); COMP_CWORD=2; _rcmd; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    [
      'zsh',
      (script) =>
        `compdef() { :; }; _describe() { print -l -- "\${(@P)2}"; }; source ${script}; words=(rcmd exec la); CURRENT=3; _rcmd`,
    ],
    ['fish', (script) => `source ${script}; complete --do-complete 'rcmd exec la'`],
  ];
  for (const [name, test] of shells) {
    it(`works in ${name}`, needs(name), async () => {
      using machine = new Machine();
      mkdirSync(machine.file('.config/rcmd'), { recursive: true });
      mkdirSync(machine.file('bin'));
      const targets = {
        lab1: { address: '10.0.0.5' },
        lab2: { address: '10.0.0.6' },
        box: { address: 'unix:/b' },
      };
      writeFileSync(machine.file('.config/rcmd/config.json'), JSON.stringify({ targets }));
      writeFileSync(machine.file('bin/rcmd'), `#!/bin/sh\nexec ${machine.commandLine} "$@"\n`);
      chmodSync(machine.file('bin/rcmd'), 0o755);
      const script = machine.file('script');
      writeFileSync(script, (await machine.run(['completion', name])).stdout);
      const env = { ...machine.env, PATH: `${machine.file('bin')}:${machine.env['PATH']}` };
      await using shell = new Program([name, '-c', test(script)], env);
      const { stderr, stdout } = await shell.finish();
      assert.equal(stderr, '');
      assert.deepEqual(
        stdout.split('\n').flatMap((line) => /^[a-z]+\d/.exec(line)?.[0] ?? []),
        ['lab1', 'lab2'],
      );
    });
  }
});

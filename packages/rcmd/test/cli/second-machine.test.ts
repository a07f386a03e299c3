/** What the README says about a second machine, from nothing: its own commands, in its order; two network namespaces stand in for the machines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import type { Program, ProgramEnd } from '../support/program.ts';
import { needsNetworks, twoNetworks } from '../support/two-networks.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** What the README calls things. */
const names = { host: '10.0.0.5', laptopKey: 'SHA256:qpEK...', labKey: 'SHA256:sdNA...' };

/** A command of the README, and where it is to be run. */
interface Step {
  readonly on: 'laptop' | 'lab';
  readonly args: readonly string[];
}

/** The commands of the numbered list, in its order, with what they call things put in. */
function stepsOf(page: string, { host, laptopKey, labKey }: typeof names): Step[] {
  const section = /^## A second machine\n(.*?)^Where a step is missing/ms.exec(page)?.[1] ?? '';
  return section.split(/^(?=\d\. )/m).flatMap((step): Step[] => {
    const on = /on the lab machine/i.test(step) ? 'lab' : 'laptop';
    const lines = [...step.matchAll(/^ +(rcmd .*)$/gm), ...step.matchAll(/`(rcmd [^`]*)`;?/g)]
      .filter(([, line]) => line !== 'rcmd key' || !step.includes('`rcmd key` said'))
      .map(([, line]) => line!.replace(/ {2,}#.*$/, '').trimEnd())
      .map((line) => line.replace(names.host, host))
      .map((line) => line.replace(names.laptopKey, laptopKey).replace(names.labKey, labKey));
    return lines.map((line) => ({ on, args: wordsOf(line).slice(1) }));
  });
}

/** The words of a line as a shell takes them: its quotes are simple. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

describe('a second machine', needs('ip').skip === false ? needsNetworks() : needs('ip'), () => {
  it('is set up by the commands of the README', async () => {
    using networks = twoNetworks();
    using laptop = new Machine(networks.one.within);
    using lab = new Machine(networks.other.within);
    const machines = { laptop, lab };
    const { address: host } = networks.other;
    // Before the first step nobody may listen there.
    assert.equal((await lab.run(['serve', '--listen', '0.0.0.0:8888'])).code, 125);
    const [laptopKey = ''] = (await laptop.run(['key'])).stdout.split(' ');
    const [labKey = ''] = (await lab.run(['key'])).stdout.split(' ');

    await using servers = new AsyncDisposableStack();
    const ended: (ProgramEnd & { readonly line: string })[] = [];
    for (const { on, args } of stepsOf(readme, { host, laptopKey, labKey })) {
      const machine = machines[on];
      const line = `${on}: rcmd ${args.join(' ')}`;
      if (args[0] === 'serve') {
        await servers.use(machine.rcmd(args)).stdout.until(/^listening on 0\.0\.0\.0:8888\n/m);
      } else if (args[0] === 'trust' && args.length === 2) {
        // A person compares the keys. Until then nothing runs there.
        const early = await machine.run(['exec', host, '--', 'true']);
        assert.equal(early.code, 125);
        assert.ok(early.stderr.includes(labKey));
        await using asking = machine.terminal(args);
        const [asked = ''] = await asking.stdout.until(/^.*Trust it\? \[y\/N\] /s);
        assert.ok(asked.includes(labKey));
        asking.write('yes\r');
        await asking.stdout.until(/ is trusted/);
      } else if (args.includes('-f')) {
        await using following: Program = machine.rcmd(args);
        await following.stdout.until(/uname -a/);
      } else {
        const input = args[0] === 'shell' ? 'cd /usr; export A=7\npwd; echo $A\n' : '';
        ended.push({ line, ...(await machine.run(args, { input })) });
      }
    }

    for (const { line, code, stderr } of ended) assert.equal(code, 0, `${line}\n${stderr}`);
    const said = (line: RegExp): string => ended.findLast((one) => line.test(one.line))!.stdout;
    assert.match(said(/laptop: rcmd exec/), /^Linux /);
    assert.equal(said(/laptop: rcmd shell/), '/usr\n7\n');
    assert.ok(said(/laptop: rcmd status/).includes(`you are ${laptopKey}`));
    assert.match(said(/lab: rcmd audit$/), /start .* 10\.213\.77\.1 .*ana@laptop.* uname -a\n/);
    assert.match(said(/lab: rcmd audit --verify/), /nothing was changed/);
    // As many as the README has in that section: none is passed over.
    assert.equal(ended.length, 10);
  });
});

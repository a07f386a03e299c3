/** What the README says about a second machine, from nothing, step by step; two network namespaces stand in for the machines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { needsNetworks, twoNetworks } from '../support/two-networks.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('a second machine', needs('ip').skip === false ? needsNetworks() : needs('ip'), () => {
  it('is set up by the steps of the README', async () => {
    for (const step of [
      'rcmd key',
      'rcmd authorize SHA256:',
      'rcmd serve --listen',
      'rcmd trust',
      'rcmd exec',
    ]) {
      assert.ok(readme.includes(step), `the README says nothing of ${step}`);
    }
    using networks = twoNetworks();
    using laptop = new Machine(networks.one.within);
    using lab = new Machine(networks.other.within);
    const host = networks.other.address;

    // 1. on the laptop
    const [laptopKey = ''] = (await laptop.run(['key'])).stdout.split(' ');
    // 2. on the lab machine; before this, nobody may listen there
    const early = await lab.run(['serve', '--listen', '0.0.0.0:8888']);
    assert.equal(early.code, 125);
    assert.equal((await lab.run(['authorize', laptopKey, '--comment', 'ana@laptop'])).code, 0);
    const [labKey = ''] = (await lab.run(['key'])).stdout.split(' ');
    await using server = lab.rcmd(['serve', '--listen', '0.0.0.0:8888']);
    await server.stdout.until(/^listening on 0\.0\.0\.0:8888\n/m);
    // 3. on the laptop
    const unknown = await laptop.run(['exec', host, '--', 'true']);
    assert.equal(unknown.code, 125);
    assert.ok(unknown.stderr.includes(labKey));
    assert.equal((await laptop.run(['trust', host, labKey])).code, 0);
    // 4. from then on
    const { code, stderr, stdout } = await laptop.run([
      'exec',
      host,
      '-s',
      'echo "$HOME $RCMD_CLIENT"; exit 3',
    ]);
    assert.deepEqual([code, stderr], [3, '']);
    assert.match(stdout, /^\S+ 10\.213\.77\.1\n$/);
    const copied = await laptop.run(['exec', host, '--', 'tr', 'a-z', 'A-Z'], { input: 'over the cable' });
    assert.equal(copied.stdout, 'OVER THE CABLE');
    const prompt = await laptop.run(['shell', host], { input: 'cd /usr; export A=7\npwd; echo $A\n' });
    assert.equal(prompt.stdout, '/usr\n7\n');
    assert.match(
      (await laptop.run(['status', host])).stdout,
      new RegExp(`^you are ${laptopKey.replace(/[+/]/g, '\\$&')}`, 'm'),
    );
    // 5. what the lab machine has on record
    assert.match(
      (await lab.run(['audit', 'tr a-z'])).stdout,
      /start .* 10\.213\.77\.1 .*ana@laptop.* tr a-z A-Z\n/,
    );
    assert.match((await lab.run(['audit', '--verify'])).stdout, /nothing was changed/);
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configPath, parseConfig, readConfig } from '../../src/cli/config-file.ts';
import { temporaryFolder } from '../support/commands.ts';

describe('the configuration file', () => {
  it('names targets', () => {
    const { hostKeys, targets } = parseConfig(
      JSON.stringify({
        hostKeys: 'strict',
        targets: { lab1: { address: '10.0.0.5:8888', workdir: '/srv', env: { A: '1' }, timeout: '1m30s' } },
      }),
      'config.json',
    );
    assert.equal(hostKeys, 'strict');
    assert.deepEqual(targets.get('lab1'), {
      address: '10.0.0.5:8888',
      workdir: '/srv',
      env: { A: '1' },
      timeoutMs: 90_000,
    });
  });

  it('may be missing, unless RCMD_CONFIG names it', () => {
    using folder = temporaryFolder();
    assert.deepEqual(readConfig(folder.path, {}), { hostKeys: 'ask', targets: new Map() });
    const elsewhere = join(folder.path, 'other.json');
    assert.throws(() => readConfig(folder.path, { RCMD_CONFIG: elsewhere }), {
      code: 'CONFIG',
      message: `There is no file ${elsewhere}, which RCMD_CONFIG names`,
    });
    writeFileSync(elsewhere, '{ "hostKeys": "accept-new" }');
    assert.equal(readConfig(folder.path, { RCMD_CONFIG: elsewhere }).hostKeys, 'accept-new');
    assert.equal(configPath('/c', { RCMD_CONFIG: '' }), '/c/config.json');
  });

  const mistakes: readonly (readonly [text: string, problem: RegExp])[] = [
    ['{', /Cannot use \/c\.json: it must be JSON: /],
    ['[]', /\/c\.json: it must be an object, got \[\]/],
    ['{"target":{}}', /it has no key "target": there are hostKeys and targets/],
    ['{"hostKeys":"no"}', /hostKeys must be one of ask, accept-new, strict, got "no"/],
    ['{"targets":[]}', /targets must be an object, got \[\]/],
    ['{"targets":{"-x":{"address":"a"}}}', /"targets\.-x" must be named with letters/],
    ['{"targets":{"lab":{}}}', /targets\.lab\.address must be host, host:port or unix:PATH/],
    ['{"targets":{"lab":{"address":5}}}', /targets\.lab\.address must be host, .*, got 5/],
    ['{"targets":{"lab":{"address":"a","port":1}}}', /targets\.lab has no key "port": there are address, /],
    [
      '{"targets":{"lab":{"address":"a","timeout":30}}}',
      /targets\.lab\.timeout must be a length of time .* got 30/,
    ],
    ['{"targets":{"lab":{"address":"a","env":{"A":1}}}}', /targets\.lab\.env must be an object of texts/],
    [
      '{"targets":{"lab":{"address":"a","env":{"A":"b\\u0000c"}}}}',
      /targets\.lab\.env must be an object of texts without NUL, .*got \{"A":"b\\u0000c"\}/,
    ],
    ['{"targets":{"lab":{"address":"a","env":{"A=B":"c"}}}}', /under names of letters, digits and "_"/],
    [
      '{"targets":{"lab":{"address":"a","workdir":"/srv\\u0000"}}}',
      /targets\.lab\.workdir must be text without NUL, got "\/srv\\u0000"/,
    ],
    ['{"targets":{"lab":{"address":"a","fingerprint":"x"}}}', /targets\.lab\.fingerprint must be SHA256:/],
  ];
  for (const [text, problem] of mistakes) {
    it(`says what is wrong with ${text}`, () => {
      assert.throws(() => parseConfig(text, '/c.json'), { code: 'CONFIG', message: problem });
    });
  }
});

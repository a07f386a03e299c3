import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AuthorizedKeys, formatAuthorizedKey, parseAuthorizedKeys } from '../../src/trust/authorized-keys.ts';
import { temporaryFolder } from '../support/commands.ts';

const one = `SHA256:${'a'.repeat(43)}`;
const two = `SHA256:${'b'.repeat(43)}`;

describe('authorized_keys', () => {
  it('names keys, what they may do, and whose they are', () => {
    const text = `
# the machine in the corner
${one} me@corner
no-shell,allow="systemctl status *",allow="uptime",expires=2030-01-31,from="10.0.0.0/8,::1" ${two} a robot
command="tar \\"-c\\" /srv" ${two}
`;
    const { keys, badLines } = parseAuthorizedKeys(text);
    assert.deepEqual(badLines, []);
    assert.deepEqual(
      keys.map(({ fingerprint, comment }) => [fingerprint, comment]),
      [
        [one, 'me@corner'],
        [two, 'a robot'],
        [two, ''],
      ],
    );
    assert.deepEqual([keys[0]!.options.shell, keys[0]!.options.allow], [true, []]);
    const { options } = keys[1]!;
    assert.deepEqual(options.allow, [['systemctl', 'status', '*'], ['uptime']]);
    assert.deepEqual([options.shell, options.expires], [false, Date.UTC(2030, 0, 31)]);
    assert.ok(
      options.from!.check('10.1.2.3') &&
        options.from!.check('::1', 'ipv6') &&
        !options.from!.check('11.0.0.1'),
    );
    assert.equal(keys[2]!.options.command, 'tar "-c" /srv');
  });

  const wrong: [string, RegExp][] = [
    [`no-shel ${one}`, /no option no-shel/],
    [`allow ${one}`, /allow needs a value/],
    [`expires=soon ${one}`, /expires must be a date.*got soon/],
    [`from="10.0.0.0/99" ${one}`, /from must list addresses.*got 10.0.0.0\/99/],
    [`from="somewhere" ${one}`, /got somewhere/],
    [`accept-env="PATH,A B" ${one}`, /accept-env must list names.*got A B/],
    [`accept-env=RCMD_CLIENT ${one}`, /none of RCMD_, got RCMD_CLIENT/],
    [`no-shell=1 ${one}`, /takes no value/],
    [`command="open ${one}`, /options cannot be read|needs a value/],
    ['SHA256:short me', /SHA256: and 43 characters/],
    ['ssh-ed25519 AAAA me', /options cannot be read|no option|needs a value/],
    [one.toLowerCase(), /options cannot be read|no option/],
  ];
  for (const [line, words] of wrong) {
    it(`lets nobody in by a line that is wrong: ${line.slice(0, 24)}`, () => {
      const { keys, badLines } = parseAuthorizedKeys(`${two}\n${line}\n`);
      assert.deepEqual(
        keys.map(({ fingerprint }) => fingerprint),
        [two],
      );
      assert.equal(badLines[0]?.line, 2);
      assert.match(badLines[0].problem, words);
    });
  }

  it('gives keys or bad lines for any text, and never an error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { keys, badLines } = parseAuthorizedKeys(text);
        assert.equal(keys.length, 0);
        assert.ok(badLines.length <= text.split('\n').length);
      }),
    );
  });

  it('is read again when it has changed, and lets nobody in when it is gone', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'authorized_keys');
    const file = new AuthorizedKeys(path);
    assert.equal(file.find(one), undefined);
    writeFileSync(path, formatAuthorizedKey(one, 'me', 'no-shell'));
    assert.equal(file.find(one)?.options.shell, false);
    writeFileSync(path, formatAuthorizedKey(two, 'you'));
    assert.deepEqual([file.find(one), file.find(two)?.comment], [undefined, 'you']);
    rmSync(path);
    assert.equal(file.find(two), undefined);
  });

  it('lets nobody in where others may write to it', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'authorized_keys');
    const file = new AuthorizedKeys(path);
    writeFileSync(path, formatAuthorizedKey(one, 'me'));
    chmodSync(path, 0o606);
    assert.throws(() => file.find(one), { code: 'UNSAFE_PATH' });
    chmodSync(path, 0o644);
    assert.equal(file.find(one)?.comment, 'me');
    chmodSync(path, 0o646); // nothing in it has changed
    assert.throws(() => file.find(one), { code: 'UNSAFE_PATH' });
  });
});

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAuthorizedKeys } from '../../src/trust/authorized-keys.ts';
import { Machine } from '../support/machine.ts';

const someKey = `SHA256:${'A'.repeat(43)}`;

describe('rcmd key', () => {
  it('makes the key once, closed to others, and shows it', async () => {
    using machine = new Machine();
    const first = await machine.run(['key']);
    assert.match(first.stdout, /^SHA256:[A-Za-z0-9+/]{43} \S+@\S+\n$/);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    assert.equal((await machine.run(['key'])).stdout, first.stdout);
    const { file, fingerprint } = JSON.parse((await machine.run(['key', '--json'])).stdout) as {
      file: string;
      fingerprint: string;
    };
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(first.stdout.startsWith(fingerprint));
  });

  it('is refused where others may read it', async () => {
    using machine = new Machine();
    await machine.run(['key']);
    const path = machine.file('.config/rcmd/identity.pem');
    chmodSync(path, 0o644);
    const { code, stderr } = await machine.run(['key']);
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: \S+identity\.pem is a secret, .*: chmod 600 \S+identity\.pem\n$/);
  });
});

describe('rcmd authorize', () => {
  it('adds a line that the server reads', async () => {
    using machine = new Machine();
    const path = machine.file('.config/rcmd/authorized_keys');
    const options = [
      '--comment',
      'ana at lab',
      '--allow',
      'systemctl status *',
      '--allow',
      'say "hi"',
      '--no-shell',
      '--accept-env',
      'PATH',
    ];
    const { code } = await machine.run([
      'authorize',
      someKey,
      ...options,
      '--expires',
      '2999-01-31',
      '--from',
      '10.0.0.0/8,::1',
    ]);
    assert.equal(code, 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const { badLines, keys } = parseAuthorizedKeys(readFileSync(path, 'utf8'));
    assert.deepEqual(badLines, []);
    assert.equal(keys.length, 1);
    const [key] = keys;
    assert.deepEqual([key!.fingerprint, key!.comment, key!.options.shell], [someKey, 'ana at lab', false]);
    assert.deepEqual(key!.options.allow, [
      ['systemctl', 'status', '*'],
      ['say', '"hi"'],
    ]);
    assert.equal(key!.options.expires, Date.parse('2999-01-31'));
    assert.deepEqual(key!.options.acceptEnv, ['PATH']);
    assert.ok(key!.options.from!.check('10.1.2.3'));
  });

  it('begins a line of its own in a file that somebody has left without a newline', async () => {
    using machine = new Machine();
    await machine.run(['key']);
    const path = machine.file('.config/rcmd/authorized_keys');
    writeFileSync(path, '# mine');
    await machine.run(['authorize', someKey]);
    assert.equal(readFileSync(path, 'utf8'), `# mine\n${someKey}\n`);
  });

  const mistakes: readonly (readonly [args: readonly string[], problem: RegExp])[] = [
    [['nonsense'], /KEY must be SHA256: and 43 characters, .* got "nonsense"/],
    [[someKey, '--expires', 'soon'], /expires must be a date such as .* got soon/],
    [[someKey, '--from', '10.0.0.0/99'], /from must list addresses or ranges .* got 10\.0\.0\.0\/99/],
    [[someKey, '--comment', `x\n${someKey}`], /must be one line of text/],
    [[someKey, '--command', 'a\nb'], /must be one line of text/],
    [[], /missing required argument 'key'/],
  ];
  for (const [args, problem] of mistakes) {
    it(`adds nothing for ${JSON.stringify(args)}`, async () => {
      using machine = new Machine();
      const { code, stderr } = await machine.run(['authorize', ...args]);
      assert.equal(code, 125);
      assert.match(stderr, problem);
      assert.throws(() => readFileSync(machine.file('.config/rcmd/authorized_keys')), { code: 'ENOENT' });
    });
  }

  it('does not add a key twice', async () => {
    using machine = new Machine();
    await machine.run(['authorize', someKey]);
    const { code, stderr } = await machine.run(['authorize', someKey]);
    assert.equal(code, 125);
    assert.match(stderr, /is in \S+authorized_keys already/);
  });
});

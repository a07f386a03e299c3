import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import { decide, type Grounds } from '../../src/policy/decide.ts';
import { commandEnvironment, refusedVariable } from '../../src/policy/environment.ts';
import type { Operation } from '../../src/policy/operation.ts';
import type { OpenRequest } from '../../src/protocol/open-request.ts';
import { everything, type KeyOptions } from '../../src/trust/key-options.ts';
import type { Principal } from '../../src/trust/principal.ts';

const key: Principal = { kind: 'key', fingerprint: 'SHA256:x', comment: '' };
const otherKey: Principal = { kind: 'key', fingerprint: 'SHA256:y', comment: '' };
const user: Principal = { kind: 'user', uid: 1_000, pid: 1 };
const from = new BlockList();
from.addSubnet('10.0.0.0', 8, 'ipv4');

const rest = { stdin: false, credit: { stdout: 0, stderr: 0 } };
const exec = (...argv: string[]): Operation => ({ kind: 'exec', request: { argv, ...rest } });
const shell: Operation = { kind: 'shell', request: { shell: 'ls; id', ...rest } };
const setting = (name: string): Operation => ({
  kind: 'exec',
  request: { argv: ['ls'], env: { [name]: 'x' }, ...rest },
});
const signal = (owner: Principal): Operation => ({ kind: 'signal', commandId: 'a', owner, signal: 'SIGINT' });
const attach = (owner: Principal): Operation => ({ kind: 'attach', commandId: 'a', owner });
const list: Operation = { kind: 'list' };

const rights: Record<string, Partial<Grounds> & { readonly options?: KeyOptions | undefined }> = {
  'a key without options': { options: everything },
  'a key that is not listed': { options: undefined },
  'a key that has expired': { options: { ...everything, expires: 1_000 } },
  'a key that expires later': { options: { ...everything, expires: 1_001 } },
  'a key from elsewhere': { options: { ...everything, from } },
  'a key from its network': {
    options: { ...everything, from },
    asker: { principal: key, address: '::ffff:10.1.1.1' },
  },
  'a key without a shell': { options: { ...everything, shell: false } },
  'a key with allowed commands': { options: { ...everything, allow: [['ls', '-*'], ['uptime']] } },
  'a key whose line accepts PATH': { options: { ...everything, acceptEnv: ['PATH'] } },
  'a key without a shell whose line accepts PATH': {
    options: { ...everything, shell: false, acceptEnv: ['PATH'] },
  },
  'a key where the server accepts PATH and LD_PRELOAD': {
    options: everything,
    acceptEnv: ['PATH', 'LD_PRELOAD'],
  },
  'a key without a shell where the server accepts PATH': {
    options: { ...everything, shell: false },
    acceptEnv: ['PATH'],
  },
  'a user of the socket where the server accepts PATH': {
    options: undefined,
    asker: { principal: user, address: 'unix' },
    acceptEnv: ['PATH'],
  },
  'a user of the socket': { options: undefined, asker: { principal: user, address: 'unix' } },
};

/** What each may do, in the order of the operations. */
const operations: [string, Operation][] = [
  ['run ls', exec('ls')],
  ['run ls -l', exec('ls', '-l')],
  ['run ls -l /', exec('ls', '-l', '/')],
  ['run uptime', exec('uptime')],
  ['use a shell', shell],
  ['set WORD', setting('WORD')],
  ['set PATH', setting('PATH')],
  ['set LD_PRELOAD', setting('LD_PRELOAD')],
  ['signal its own', signal(key)],
  ['signal another’s', signal(otherKey)],
  ['attach to its own', attach(key)],
  ['attach to another’s', attach(otherKey)],
  ['list', list],
];

const matrix: Record<string, string> = {
  'a key without options': '++++ + +-- +-+- +',
  'a key that is not listed': '---- - --- ---- -',
  'a key that has expired': '---- - --- ---- -',
  'a key that expires later': '++++ + +-- +-+- +',
  'a key from elsewhere': '---- - --- ---- -',
  'a key from its network': '++++ + +-- +-+- +',
  'a key without a shell': '++++ - --- +-+- -',
  'a key with allowed commands': '-+-+ - --- +-+- -',
  'a user of the socket': '++++ + +-- ---- +',
  'a key whose line accepts PATH': '++++ + ++- +-+- +',
  'a key without a shell whose line accepts PATH': '++++ - -+- +-+- -',
  'a key where the server accepts PATH and LD_PRELOAD': '++++ + +++ +-+- +',
  'a key without a shell where the server accepts PATH': '++++ - --- +-+- -',
  'a user of the socket where the server accepts PATH': '++++ + ++- ---- +',
};

describe('decide()', () => {
  for (const [who, expected] of Object.entries(matrix)) {
    it(`decides about every operation of ${who}`, () => {
      const grounds: Grounds = {
        asker: { principal: key, address: '192.0.2.1' },
        options: undefined,
        now: 1_000,
        ...rights[who],
      };
      const found = operations
        .map(([, operation]) => (decide(operation, grounds).verdict === 'allow' ? '+' : '-'))
        .join('');
      const wanted = expected.replaceAll(' ', '');
      assert.equal(wanted.length, operations.length);
      const wrong = operations.filter((_, index) => found[index] !== wanted[index]).map(([name]) => name);
      assert.deepEqual(wrong, []);
    });
  }

  it('lets a user of the socket signal what that user runs', () => {
    const grounds: Grounds = { asker: { principal: user, address: 'unix' }, options: undefined, now: 0 };
    assert.equal(decide(signal(user), grounds).verdict, 'allow');
    assert.equal(decide(signal({ ...user, uid: 0 }), grounds).verdict, 'deny');
  });

  it('puts a forced command in the place of any other, which reaches it as data', () => {
    const options: KeyOptions = { ...everything, command: 'backup "$RCMD_ORIGINAL_COMMAND"' };
    const grounds: Grounds = { asker: { principal: key, address: '192.0.2.1' }, options, now: 0 };
    const requests: [OpenRequest, string][] = [
      [{ argv: ['rm', '-rf', '$(id)'], ...rest }, '["rm","-rf","$(id)"]'],
      [{ shell: '; id', session: 's', cwd: '/tmp', ...rest }, '; id'],
    ];
    for (const [request, original] of requests) {
      const decision = decide({ kind: 'exec', request }, grounds);
      assert.ok(decision.verdict === 'allow');
      assert.deepEqual(decision.request, {
        ...rest,
        shell: options.command,
        env: { RCMD_ORIGINAL_COMMAND: original },
      });
    }
    assert.equal(decide(setting('RCMD_ORIGINAL_COMMAND'), grounds).verdict, 'deny');
  });

  it('lets no key with allowed commands choose the folder, whose files may be code', () => {
    const grounds = (allow: string[][]): Grounds => {
      return { asker: { principal: key, address: '192.0.2.1' }, options: { ...everything, allow }, now: 0 };
    };
    const request: OpenRequest = { argv: ['make'], cwd: '/tmp', ...rest };
    assert.equal(decide({ kind: 'exec', request }, grounds([['make']])).verdict, 'deny');
    assert.equal(decide({ kind: 'exec', request }, grounds([])).verdict, 'allow');
  });

  it('matches allowed commands word by word, so that no word hides another', () => {
    const options: KeyOptions = { ...everything, allow: [['git', 'pull', '*.git'], ['a*b*c']] };
    const grounds: Grounds = { asker: { principal: key, address: '192.0.2.1' }, options, now: 0 };
    const verdict = (...argv: string[]): string => decide(exec(...argv), grounds).verdict;
    assert.deepEqual(
      [verdict('git', 'pull', 'x.git'), verdict('git', 'pull', '--upload-pack=id x.git')],
      ['allow', 'allow'],
    );
    assert.deepEqual(
      [verdict('git', 'pull', 'x.git', '-v'), verdict('git pull', 'x.git'), verdict('git', 'pull', 'x.gitx')],
      ['deny', 'deny', 'deny'],
    );
    assert.deepEqual(
      [verdict('abc'), verdict('a--b--c'), verdict('ac'), verdict('abcd'), verdict('acb')],
      ['allow', 'allow', 'deny', 'deny', 'deny'],
    );
  });
});

describe('the environment of a command', () => {
  it('is made from nothing, and cannot be made to run code', () => {
    process.env['RCMD_TEST_TOKEN'] = 'secret';
    const env = commandEnvironment(
      { WORD: 'a' },
      { address: '192.0.2.1', principal: 'me', connectionId: 'c1' },
    );
    delete process.env['RCMD_TEST_TOKEN'];
    const names = Object.keys(env)
      .filter((name) => name !== 'TZ')
      .toSorted((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(names, [
      'HOME',
      'LANG',
      'LOGNAME',
      'PATH',
      'RCMD_CLIENT',
      'RCMD_CONNECTION',
      'RCMD_PRINCIPAL',
      'SHELL',
      'TERM',
      'USER',
      'WORD',
    ]);
    for (const name of [
      'PATH',
      'LD_PRELOAD',
      'NODE_OPTIONS',
      'BASH_ENV',
      'ENV',
      'IFS',
      'GIT_SSH_COMMAND',
      'PYTHONSTARTUP',
      'PERL5OPT',
      'RCMD_CLIENT',
      'BASH_FUNC_x%%',
      '',
      'a b',
      '1A',
      'A=B',
    ]) {
      assert.ok(refusedVariable(name, { isLimited: false }), name);
    }
    assert.ok(
      !refusedVariable('EDITOR', { isLimited: false }) && refusedVariable('EDITOR', { isLimited: true }),
    );
  });

  it('says that there is no terminal, unless its client says otherwise', () => {
    const facts = { address: '192.0.2.1', principal: 'me', connectionId: 'c1' };
    assert.equal(commandEnvironment({}, facts)['TERM'], 'dumb');
    assert.equal(commandEnvironment({ TERM: 'xterm' }, facts)['TERM'], 'xterm');
  });

  it('tells where it comes from in words that nobody can have accepted', () => {
    for (const name of ['RCMD_CLIENT', 'RCMD_ORIGINAL_COMMAND', 'a b', ''])
      assert.ok(refusedVariable(name, { isLimited: false, accepted: [name] }), name);
  });

  it('is hardly the client’s where a key has limits', () => {
    const isLimited = true;
    for (const name of ['LANG', 'LC_ALL', 'TERM', 'TZ', 'NO_COLOR', 'COLORTERM'])
      assert.ok(!refusedVariable(name, { isLimited }), name);
    for (const name of ['GIT_DIR', 'GIT_PAGER', 'SYSTEMD_PAGER', 'TERMINFO', 'WORD', 'LC_a'])
      assert.ok(refusedVariable(name, { isLimited }) && !refusedVariable(name, { isLimited: false }), name);
  });
});

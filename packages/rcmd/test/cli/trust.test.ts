import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { until } from '../../../socketserver/test/support/until.ts';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { Served } from '../support/served.ts';

let served: Served;
before(async () => {
  served = await Served.start(['--listen', '127.0.0.1:0']);
});
after(() => served[Symbol.asyncDispose]());

async function keyOf(machine: Machine): Promise<string> {
  return (JSON.parse((await machine.run(['key', '--json'])).stdout) as { fingerprint: string }).fingerprint;
}

/** A user of another machine, whom the server lets in. */
async function otherMachine(): Promise<Machine> {
  const machine = new Machine();
  await served.machine.run(['authorize', await keyOf(machine)]);
  return machine;
}

describe('a server over TLS', () => {
  it('needs no set-up for the same user', async () => {
    assert.equal((await served.exec(['--', 'echo', 'hi'])).stdout, 'hi\n');
    let stdout = '';
    // The connection of the command before may still be ended.
    await until(async () => {
      ({ stdout } = await served.machine.run(['status', served.host]));
      return !stdout.includes('\n2 connections, ');
    });
    assert.match(
      stdout,
      /^127\.0\.0\.1:\d+: rcmd\/\d\S*, process \d+, up \d.*\nyou are SHA256:.*\n1 connection, 0 commands\n$/,
    );
  });

  it('is refused where it is not known and nobody can be asked, and known once it is pinned', async () => {
    using machine = await otherMachine();
    const exec = ['exec', served.host, '--', 'echo', 'hi'];
    const unknown = await machine.run(exec);
    assert.deepEqual([unknown.code, unknown.stdout], [125, '']);
    assert.match(
      unknown.stderr,
      /^rcmd: The server 127\.0\.0\.1:\d+ is not known: its key is SHA256:\S+;.*rcmd trust/,
    );
    const own = await keyOf(served.machine);
    assert.ok(unknown.stderr.includes(own));
    assert.equal((await machine.run(['trust', served.host, own])).code, 0);
    assert.deepEqual((await machine.run(exec)).stdout, 'hi\n');
  });

  it('is refused loudly when its key has changed, whatever the policy, until it is forgotten', async () => {
    using machine = await otherMachine();
    await machine.run(['trust', served.host, `SHA256:${'A'.repeat(43)}`]);
    for (const policy of ['ask', 'accept-new', 'strict']) {
      const { code, stderr, stdout } = await machine.run([
        'exec',
        '--host-keys',
        policy,
        served.host,
        '--',
        'true',
      ]);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(
        stderr,
        /^rcmd: THE KEY OF 127\.0\.0\.1:\d+ HAS CHANGED: .*: rcmd trust --forget 127\.0\.0\.1:\d+\n$/,
      );
    }
    const own = await keyOf(served.machine);
    const pinned = await machine.run(['trust', served.host, own]);
    assert.deepEqual([pinned.code, pinned.stdout], [125, '']);
    assert.equal((await machine.run(['trust', '--forget', served.host])).code, 0);
    assert.equal(
      (await machine.run(['exec', '--host-keys', 'accept-new', served.host, '--', 'true'])).code,
      0,
    );
    assert.ok(readFileSync(machine.file('.config/rcmd/known_hosts'), 'utf8').includes(own));
  });

  it('does not let in whom it does not know', async () => {
    using machine = new Machine();
    const { code, stderr, stdout } = await machine.run([
      'exec',
      '--host-keys',
      'accept-new',
      served.host,
      '--',
      'true',
    ]);
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(stderr, /^rcmd: .+\n$/);
  });
});

describe('the question about a key', needs('python3'), () => {
  it('is asked in a terminal, and its answer remembered', async () => {
    using machine = await otherMachine();
    const exec = ['exec', served.host, '--', 'echo', 'hi'];
    await using no = machine.terminal(exec);
    await no.stdout.until(/is not known\. Its key is\r\n  SHA256:\S+\r\nCompare .* Trust it\? \[y\/N\] /s);
    no.write('\r');
    await no.stdout.until(/was refused/);
    assert.equal((await no.ended()).code, 125);
    await using yes = machine.terminal(exec);
    await yes.stdout.until(/Trust it\? \[y\/N\] /);
    yes.write('yes\r');
    await yes.stdout.until(/\nhi\r\n/);
    assert.equal((await yes.ended()).code, 0);
    assert.equal((await machine.run(exec)).stdout, 'hi\n');
  });

  it('is asked by rcmd trust also where the server does not let us in', async () => {
    using machine = new Machine();
    await using trust = machine.terminal(['trust', served.host]);
    await trust.stdout.until(/Trust it\? \[y\/N\] /);
    trust.write(`${await keyOf(served.machine)}\r`);
    await trust.stdout.until(/does not let you in: .*rcmd authorize KEY.* is trusted/s);
    assert.equal((await trust.ended()).code, 0);
  });
});

it('nobody listens beyond this machine before a key is authorized', async () => {
  using machine = new Machine();
  const { code, stderr, stdout } = await machine.run(['serve', '--listen', '0.0.0.0:0']);
  assert.deepEqual([code, stdout], [125, '']);
  assert.match(stderr, /^rcmd: Cannot listen beyond this machine: .*rcmd authorize KEY/);
  const wrong = await machine.run(['serve', '--listen', 'nowhere']);
  assert.deepEqual(
    [wrong.code, wrong.stderr],
    [125, 'rcmd: Cannot listen on "nowhere": it must be HOST:PORT, unix:PATH, systemd or systemd:NAME\n'],
  );
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { needsNetworks } from '../support/two-networks.ts';
import { Program } from '../support/program.ts';

/** Starts `rcmd serve` with sockets of systemd's on paths; the program begins with the first client. */
function activate(machine: Machine, args: string, { names = ['lab'], within = '' } = {}): Program {
  const paths = names.map((name) => `-l '${machine.file(`run/${name}.sock`)}'`).join(' ');
  const given = ['HOME', 'PATH', 'LANG', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME'].map((name) => `-E ${name}`);
  const start = `exec systemd-socket-activate ${given.join(' ')} ${paths} --fdname=${names.join(':')} ${within} ${machine.commandLine} serve ${args}`;
  return new Program(['sh', '-c', start], machine.env);
}

const isolation = needsNetworks();

describe('rcmd serve with a socket of systemd', needs('systemd-socket-activate'), () => {
  for (const args of ['', '--listen systemd', '--listen systemd:lab --server forking']) {
    it(`serves on it, and keeps it from commands: serve ${args}`, async () => {
      using machine = new Machine();
      await using server = activate(machine, args);
      await server.stderr.until(/Listening on/);
      const host = `unix:${machine.file('run/lab.sock')}`;
      const line = 'ls /proc/self/fd | tr "\\n" " "; env | grep ^LISTEN_';
      const { stdout, stderr } = await machine.run(['exec', host, '-s', line]);
      assert.deepEqual([stdout, stderr], ['0 1 2 3 ', '']); // 3 is the listing itself
      await server.stdout.until(new RegExp(`^listening on ${host}$`, 'm'));
    });
  }

  it('takes those that are not the classic exchange’s, each once', async () => {
    using machine = new Machine();
    await using server = activate(machine, '--insecure-classic systemd:old', { names: ['lab', 'old'] });
    await server.stderr.until(/Listening on .*old/);
    const [lab, old] = ['lab', 'old'].map((name) => `unix:${machine.file(`run/${name}.sock`)}`);
    assert.equal((await machine.run(['exec', lab!, 'echo', 'served'])).stdout, 'served\n');
    await server.stdout.until(new RegExp(`\nlistening on ${lab}\nlistening on ${old} \\(classic\\)\n$`));
  });

  it('keeps one for the classic exchange where it listens elsewhere besides', async () => {
    using machine = new Machine();
    const own = `unix:${machine.file('run/own.sock')}`;
    const args = `--listen '${own}' --insecure-classic systemd:old`;
    await using server = activate(machine, args, { names: ['old'] });
    await server.stderr.until(/Listening on/);
    connect(machine.file('run/old.sock'))
      .on('error', () => {})
      .unref();
    await server.stdout.until(`listening on unix:${machine.file('run/old.sock')} (classic)\n`);
    assert.equal((await machine.run(['exec', own, 'echo', 'served'])).stdout, 'served\n');
  });

  it('refuses to take one twice', async () => {
    using machine = new Machine();
    await using server = activate(machine, '--listen systemd --listen systemd:lab');
    await server.stderr.until(/Listening on/);
    connect(machine.file('run/lab.sock'))
      .on('error', () => {})
      .unref();
    await server.stderr.until("must name each socket of systemd once, got 'lab' (descriptor 3) twice");
  });

  it('knows one on a path that was made in another network', isolation, async () => {
    using machine = new Machine();
    await using server = activate(machine, '', { within: 'unshare --net' });
    await server.stderr.until(/Listening on/);
    const host = `unix:${machine.file('run/lab.sock')}`;
    assert.equal((await machine.run(['exec', host, 'echo', 'served'])).stdout, 'served\n');
  });

  it('says which descriptor is none', () => {
    using machine = new Machine();
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `LISTEN_FDS=500 LISTEN_PID=$$ exec ${machine.commandLine} serve`],
      { env: machine.env, encoding: 'utf8' },
    );
    assert.equal(status, 125);
    assert.match(stderr, /descriptor \d+ must be a listening socket, got no open descriptor/);
  });

  it('refuses one that others may open', async () => {
    using machine = new Machine();
    chmodSync(machine.file('run'), 0o755);
    await using server = activate(machine, '');
    await server.stderr.until(/Listening on/);
    await machine.run(['exec', `unix:${machine.file('run/lab.sock')}`, 'true']);
    await server.stderr.until(
      'or its folder, must belong to the user who runs this and be closed to all others',
    );
  });

  it('says so where there is none', async () => {
    using machine = new Machine();
    const { code, stderr } = await machine.run(['serve', '--listen', 'systemd']);
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: Cannot use systemd's socket: .* LISTEN_FDS is not set/);
  });

  it('refuses one beyond this machine while nobody else may come in', async () => {
    using machine = new Machine();
    const listening = createServer().listen(0, '0.0.0.0');
    await once(listening, 'listening');
    const { fd } = (listening as unknown as { readonly _handle: { readonly fd: number } })._handle;
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `LISTEN_FDS=1 LISTEN_PID=$$ exec ${machine.commandLine} serve`],
      { env: machine.env, stdio: ['ignore', 'ignore', 'pipe', fd], encoding: 'utf8' },
    );
    listening.close();
    assert.equal(status, 125);
    assert.match(stderr, /Cannot listen beyond this machine/);
  });
});

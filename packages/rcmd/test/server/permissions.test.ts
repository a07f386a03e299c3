import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CommandError, connect } from '../../src/client/index.ts';
import { ConnectionLostError } from '../../src/link/connection-lost-error.ts';
import { authorizedKeysFile, formatAuthorizedKey } from '../../src/trust/authorized-keys.ts';
import { type Identity, loadIdentity } from '../../src/trust/identity.ts';
import { portModels } from '../support/port-models.ts';
import { startRefused, startServer, type TestServer } from '../support/servers.ts';

/** What each attempt of a client comes to: `ran`, or why not. */
interface Attempts {
  readonly exec: string;
  readonly shell: string;
  readonly variable: string;
  readonly path: string;
  readonly folder: string;
  readonly session: string;
  readonly status: string;
}

const ran = 'ran';
const everythingRuns: Attempts = {
  exec: ran,
  shell: ran,
  variable: 'the variable LD_PRELOAD may not be set',
  path: 'the variable PATH may not be set',
  folder: ran,
  session: ran,
  status: ran,
};

function nothingRuns(why: string): Attempts {
  return { exec: why, shell: why, variable: why, path: why, folder: why, session: why, status: why };
}

const noShell = 'this key may not use a shell, only programs by their names';
const noStatus = 'you may not ask for the status of this server';

/** Keys by the options that stand before them, and what they may do. */
const matrix: readonly (readonly [options: string | undefined, attempts: Attempts])[] = [
  ['', everythingRuns],
  ['no-shell', { ...everythingRuns, shell: noShell, session: noShell, status: noStatus }],
  [
    'allow="echo *"',
    {
      ...everythingRuns,
      shell: noShell,
      session: noShell,
      folder: 'this key may not choose a folder: leave out cwd, or -w',
      status: noStatus,
    },
  ],
  [
    'allow="uptime"',
    {
      ...nothingRuns('this key may not run that'),
      shell: noShell,
      session: noShell,
      variable: everythingRuns.variable,
      path: everythingRuns.path,
      folder: 'this key may not choose a folder: leave out cwd, or -w',
      status: noStatus,
    },
  ],
  ['command="echo ran"', { ...everythingRuns, status: noStatus }],
  ['accept-env="PATH,LD_PRELOAD"', { ...everythingRuns, variable: ran, path: ran }],
  [
    'no-shell,accept-env=PATH',
    { ...everythingRuns, path: ran, shell: noShell, session: noShell, status: noStatus },
  ],
  ['expires=2020-01-01', nothingRuns('you may not come in: this key has expired')],
  ['from="10.9.8.7"', nothingRuns('you may not come in: this key may not come from there')],
  [undefined, nothingRuns('you may not come in: the key is not in authorized_keys')],
];

for (const model of portModels) {
  describe(`a ${model} server lets each key do what its line says, and no more`, () => {
    let started: TestServer;
    const guests: Identity[] = [];

    before(async () => {
      started = await startServer({ model, listen: '127.0.0.1:0' });
      for (const [index, [options]] of matrix.entries()) {
        const guest = await loadIdentity(join(started.paths.state, `guest-${index}`));
        guests.push(guest);
        if (options === undefined) continue;
        const line = formatAuthorizedKey(guest.fingerprint, 'guest', options);
        appendFileSync(authorizedKeysFile(started.paths.config), `${line}\n`);
      }
    });
    after(() => started[Symbol.asyncDispose]());

    for (const [index, [options, expected]] of matrix.entries()) {
      it(options === '' ? 'no options' : (options ?? 'not in the file'), async () => {
        assert.deepEqual(await attempts(started, guests[index]!), expected);
      });
    }

    it('takes a key back from the next command on, also of a connection that is open', async () => {
      const guest = await loadIdentity(join(started.paths.state, 'taken-back'));
      const file = authorizedKeysFile(started.paths.config);
      const others = readFileSync(file, 'utf8');
      appendFileSync(file, `${formatAuthorizedKey(guest.fingerprint, 'guest')}\n`);
      const hostKeys = started.server.fingerprint as `SHA256:${string}`;
      await using client = await connect(started.server.addresses[0]!, { identity: guest, hostKeys });
      assert.equal((await client.exec('echo', [ran])).stdout, ran);
      writeFileSync(file, others);
      assert.equal(await client.exec('echo', [ran]).catch(reasonOf), 'this key is not in authorized_keys');
      assert.equal(await client.status().catch(reasonOf), noStatus);
      assert.deepEqual(
        await attempts(started, guest),
        nothingRuns('you may not come in: the key is not in authorized_keys'),
      );
    });
  });
}

it('no-shell, and allow= with a program that runs programs, let a key run any: they say no more than they say', async () => {
  await using started = await startServer({ listen: '127.0.0.1:0' });
  const hostKeys = started.server.fingerprint as `SHA256:${string}`;
  for (const [options, ...argv] of [
    ['no-shell', 'sh', '-c', 'echo ran'],
    ['allow="awk *"', 'awk', 'BEGIN { system("echo ran") }'],
  ] as const) {
    const guest = await loadIdentity(join(started.paths.state, options.slice(0, 5)));
    const line = formatAuthorizedKey(guest.fingerprint, 'guest', options);
    appendFileSync(authorizedKeysFile(started.paths.config), `${line}\n`);
    await using client = await connect(started.server.addresses[0]!, { identity: guest, hostKeys });
    assert.equal((await client.exec(argv[0], argv.slice(1))).stdout, ran);
  }
});

describe('a server that accepts PATH', () => {
  it('lets users and keys without limits set it, and the lines of a prompt in any case', async () => {
    for (const acceptEnv of [undefined, ['PATH']]) {
      await using started = await startServer({ acceptEnv });
      await using client = await started.client();
      const request = { shell: 'echo $PATH', env: { PATH: '/other' } };
      if (acceptEnv === undefined)
        await assert.rejects(client.run(request), /the variable PATH may not be set/);
      else assert.equal((await client.run(request)).stdout, '/other\n');
      await client.run({ shell: 'export PATH=/mine:$PATH', session: 'prompt' });
      assert.match((await client.run({ shell: 'echo $PATH', session: 'prompt' })).stdout, /^\/mine:/);
      assert.doesNotMatch((await client.run({ shell: 'echo $PATH' })).stdout, /mine|other/);
    }
  });

  it('accepts no names that are none, or that say where a command comes from', async () => {
    for (const name of ['A B', 'RCMD_CLIENT', ''])
      await assert.rejects(
        startRefused({ acceptEnv: [name] }),
        /options\.acceptEnv must be names of variables/,
      );
  });
});

describe('a server whose authorized_keys others may write to, or that cannot be read', () => {
  it('denies what it cannot decide, tells why, and goes on', async () => {
    await using started = await startServer({ listen: (socket) => ['127.0.0.1:0', `unix:${socket}`] });
    const guest = await loadIdentity(join(started.paths.state, 'guest'));
    const file = authorizedKeysFile(started.paths.config);
    appendFileSync(file, `${formatAuthorizedKey(guest.fingerprint, 'guest')}\n`, { mode: 0o600 });
    const hostKeys = started.server.fingerprint as `SHA256:${string}`;
    await using client = await connect(started.server.addresses[0]!, { identity: guest, hostKeys });
    const running = client.exec('sleep', ['60'], { reject: false });
    await running.started;

    appendFileSync(file, '# saved again\n');
    chmodSync(file, 0o646);
    running.kill('SIGINT');
    assert.match(
      (await started.event('connection-failed')).reason,
      /authorized_keys must not be writable by others/,
    );
    const why = 'the server cannot read authorized_keys';
    assert.equal(await client.exec('true').catch(reasonOf), why);
    assert.equal(await client.status().catch(reasonOf), noStatus);
    assert.equal((await running).signal, undefined, 'what it was denied did not reach the command');
    assert.equal((await attempts(started, guest)).exec, `you may not come in: ${why}`);
    await using own = await started.client();
    assert.equal((await own.run({ argv: ['true'] })).end.exitCode, 0);
  });
});

/** Tries everything that a client can ask for, each over a connection of its own. */
async function attempts({ server }: TestServer, identity: Identity): Promise<Attempts> {
  const attempt = async (ask: (client: Awaited<ReturnType<typeof connect>>) => PromiseLike<unknown>) => {
    try {
      await using client = await connect(server.addresses[0]!, {
        identity,
        hostKeys: server.fingerprint as `SHA256:${string}`,
      });
      await ask(client);
      return ran;
    } catch (error) {
      return reasonOf(error);
    }
  };
  return {
    exec: await attempt((client) => client.exec('echo', [ran])),
    shell: await attempt((client) => client.sh('echo ran')),
    variable: await attempt((client) => client.exec('echo', [ran], { env: { LD_PRELOAD: '/x' } })),
    path: await attempt((client) => client.exec('echo', [ran], { env: { PATH: '/usr/bin:/bin' } })),
    folder: await attempt((client) => client.exec('echo', [ran], { cwd: '/' })),
    session: await attempt((client) => client.session().sh('echo ran')),
    status: await attempt((client) => client.status()),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof CommandError) {
    const { originalMessage = '' } = error;
    return originalMessage.replace(/^(Nothing was run|The connection was lost): /, '');
  }
  assert.ok(error instanceof ConnectionLostError, String(error));
  return error.goAway!.message.replace(/(the key) SHA256:\S+/, '$1');
}

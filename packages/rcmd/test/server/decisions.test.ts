/** Who may come in, and what may run, where the application is asked: `authorize` and `policy`, and what they may answer. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { connect as connectTCP } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { journalFiles, parseLine } from '../../src/audit/journal.ts';
import { CommandError, connect } from '../../src/client/index.ts';
import type { Asker, Decision, Operation, RcmdServerOptions, ServerEvent } from '../../src/index.ts';
import { ConnectionLostError } from '../../src/link/connection-lost-error.ts';
import { authorizedKeysFile, formatAuthorizedKey } from '../../src/trust/authorized-keys.ts';
import { type Identity, loadIdentity } from '../../src/trust/identity.ts';
import { until } from '../../../socketserver/test/support/until.ts';
import { portModels } from '../support/port-models.ts';
import { startServer, type TestServer } from '../support/servers.ts';

/** Waits for the first worker as long as it takes: clients of ours give a handshake 10 s. */
async function untilAnswered(address: string): Promise<void> {
  const [host, port] = address.split(':');
  const socket = connectTCP(Number(port), host);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
}

/** A server that asks, and a client whose key is in the file too. */
async function startAsking(
  options: RcmdServerOptions,
): Promise<TestServer & { readonly guest: Identity; asGuest(): ReturnType<typeof connect> }> {
  const admission = { authenticationMs: 600_000 }; // a worker may take long to start
  const started = await startServer({ listen: '127.0.0.1:0', admission, ...options });
  await untilAnswered(started.server.addresses[0]!);
  const guest = await loadIdentity(join(started.paths.state, 'guest'));
  const line = formatAuthorizedKey(guest.fingerprint, 'guest');
  appendFileSync(authorizedKeysFile(started.paths.config), `${line}\n`);
  const hostKeys = started.server.fingerprint as `SHA256:${string}`;
  const asGuest = () => connect(started.server.addresses[0]!, { identity: guest, hostKeys });
  return { ...started, guest, asGuest };
}

function whyNot(error: unknown): string {
  if (error instanceof CommandError) return error.originalMessage!.replace(/^Nothing was run: /, '');
  assert.ok(error instanceof ConnectionLostError, String(error));
  return error.goAway!.message;
}

/** What a client may do: run a program, and use a shell. */
async function rightsOf(client: ReturnType<typeof connect>): Promise<string[]> {
  try {
    await using connected = await client;
    const attempts = [connected.exec('echo', ['ran']), connected.sh('echo ran')];
    return await Promise.all(attempts.map((running) => running.then(({ stdout }) => stdout, whyNot)));
  } catch (error) {
    return [whyNot(error)];
  }
}

const noShell = 'this key may not use a shell, only programs by their names';
const notIn = 'you may not come in: the server does not let this key in';

/** What `authorize` may answer, from JavaScript too. */
const answers: readonly (readonly [unknown, readonly string[]])[] = [
  [true, ['ran', 'ran']],
  [false, [notIn]],
  ['no-shell', ['ran', noShell]],
  [undefined, ['ran', 'ran']], // as the file says
  [null, [notIn]],
  [0, [notIn]],
  [1, [notIn]],
  [{ isAllowed: true }, [notIn]],
];

describe('authorize', () => {
  for (const model of portModels) {
    it(`lets in whom it says, and with which rights, and nobody by any other answer, ${model}`, async () => {
      let answer: unknown;
      const asked: string[] = [];
      await using started = await startAsking({
        model,
        authorize: ({ fingerprint, address }) => {
          asked.push(`${fingerprint} ${address}`);
          return answer as boolean;
        },
      });
      for (const [given, rights] of answers) {
        answer = given;
        assert.deepEqual(await rightsOf(started.asGuest()), rights, JSON.stringify(given));
      }
      assert.deepEqual(new Set(asked), new Set([`${started.guest.fingerprint} 127.0.0.1`]));
    });
  }

  it('lets nobody in where it fails, or where its options are none', async () => {
    for (const authorize of [
      () => Promise.reject(new Error('the database is away')),
      () => Promise.reject(),
      () => null as unknown as boolean,
      () => 'no-shelll',
      () => '',
    ]) {
      await using started = await startAsking({ authorize });
      const [why, ...more] = await rightsOf(started.asGuest());
      assert.match(why!, /^you may not come in: /);
      assert.deepEqual(more, []);
      const told = started.events.flatMap((event) =>
        event.type === 'connection-failed' ? [event.reason] : [],
      );
      assert.match(
        told.join() || why!,
        /database is away|^undefined$|options or undefined, got null|cannot be read/,
      );
    }
  });
});

type Policy = (operation: Operation, asker: Asker) => Decision | undefined | Promise<Decision | undefined>;

const deny: Decision = { verdict: 'deny', reason: 'not now' };
const failed = 'the policy of the server failed: what is wrong';
const nothingSaid = 'the policy of the server failed: undefined';
const denied = 'the policy of the server denies it';
const undecided = 'the policy of the server gave no decision';

/** Policies, those of JavaScript too, and what a client may do: run a program, use a shell, send a signal, ask for the status. */
const policies: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['undefined', () => undefined, ['ran', 'ran', 'SIGINT', 'told']],
  ['allow', () => ({ verdict: 'allow' }), ['ran', 'ran', 'SIGINT', 'told']],
  ['deny', () => deny, ['not now', 'not now', 'not sent', 'not told']],
  ['deny, and no reason', () => ({ verdict: 'deny' }), [denied, denied, 'not sent', 'not told']],
  [
    'deny, and a reason that is none',
    () => ({ verdict: 'deny', reason: 42 }),
    [denied, denied, 'not sent', 'not told'],
  ],
  ['a promise', () => Promise.resolve(deny), ['not now', 'not now', 'not sent', 'not told']],
  [
    'an error',
    () => {
      throw new Error('what is wrong');
    },
    [failed, failed, 'not sent', 'not told'],
  ],
  ['no error', () => Promise.reject(), [nothingSaid, nothingSaid, 'not sent', 'not told']],
  ['false', () => false, [undecided, undecided, 'not sent', 'not told']],
  ['true', () => true, [undecided, undecided, 'not sent', 'not told']],
  ['null', () => null, [undecided, undecided, 'not sent', 'not told']],
  ['a misspelt verdict', () => ({ verdict: 'denied' }), [undecided, undecided, 'not sent', 'not told']],
];

/** Runs what is denied or not; the command to be signalled runs before. */
async function outcomes(
  started: Awaited<ReturnType<typeof startAsking>>,
  apply: () => void,
): Promise<string[]> {
  await using client = await started.asGuest();
  const sleepFor = `60.${started.events.length}`; // tells it apart
  const running = client.exec('sleep', [sleepFor], { reject: false });
  await running.started;
  apply();
  const ran = [client.exec('echo', ['ran']), client.sh('echo ran')];
  const [exec = '', shell = ''] = await Promise.all(
    ran.map((one) => one.then(({ stdout }) => stdout, whyNot)),
  );
  running.kill('SIGINT');
  const status = await client.status().then(
    () => 'told',
    () => 'not told',
  );
  if (status === 'told') return [exec, shell, (await running).signal ?? 'not sent', status];
  await client.close(); // whatever was to become of the signal has become of it
  const ended = (): ServerEvent | undefined =>
    started.events.find((event) => event.type === 'command-ended' && event.argv[1] === sleepFor);
  await until(() => ended() !== undefined);
  const event = ended()!;
  return [
    exec,
    shell,
    event.type === 'command-ended' && event.end.killedBy === 'client-gone' ? 'not sent' : 'sent',
    status,
  ];
}

describe('policy', () => {
  for (const model of portModels) {
    it(`decides about every operation, and what it does not decide is denied, ${model}`, async () => {
      let policy: Policy | undefined;
      await using started = await startAsking({
        model,
        policy: (operation, asker) => policy?.(operation, asker),
      });
      for (const [name, given, expected] of policies) {
        policy = undefined;
        const found = await outcomes(started, () => (policy = given as Policy));
        assert.deepEqual(found, expected, name);
      }
    });
  }

  it('is asked only about what the key may do, and may have something else run', async () => {
    const asked: string[] = [];
    await using started = await startAsking({
      authorize: () => 'no-shell',
      policy: (operation, { principal, address }) => {
        asked.push([operation.kind, principal.kind, address].join(' '));
        if (operation.kind !== 'exec') return undefined;
        return { verdict: 'allow', request: { ...operation.request, argv: ['echo', 'something', 'else'] } };
      },
    });
    assert.deepEqual(await rightsOf(started.asGuest()), ['something else', noShell]);
    assert.deepEqual(asked, ['exec key 127.0.0.1']);
  });
});

it('the audit knows who asked, from where, for what, and what was decided', async () => {
  await using started = await startAsking({
    policy: (operation) => (operation.kind === 'shell' ? deny : undefined),
  });
  await rightsOf(started.asGuest());
  const lines = journalFiles(join(started.paths.state, 'audit')).flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\n'),
  );
  const { fingerprint } = started.guest;
  const records = lines
    .map((text) => parseLine(text))
    .filter((line) => line !== undefined)
    .filter(({ event }) => event !== 'refused-connection');
  const found = records.map(({ event, principal, comment, address, argv, shell, reason, exitCode }) => {
    assert.deepEqual([principal, comment, address], [fingerprint, 'guest', '127.0.0.1']);
    return [event, argv ?? shell, reason ?? exitCode];
  });
  assert.deepEqual(
    new Set(found.map((record) => JSON.stringify(record))),
    new Set(['["start",["echo","ran"],null]', '["end",null,0]', '["denied","echo ran","not now"]']),
  );
});

it('commands run as the user of the server, with all of its groups', async () => {
  await using started = await startServer();
  await using client = await started.client();
  const { stdout } = await client.run({ shell: 'id -u; id -g; id -G' });
  const groups = [process.getgid!(), ...process.getgroups!().filter((group) => group !== process.getgid!())];
  const [uid, gid, all = ''] = stdout.trim().split('\n');
  assert.deepEqual([uid, gid], [String(process.getuid!()), String(process.getgid!())]);
  assert.deepEqual(new Set(all.split(' ')), new Set(groups.map(String)));
});

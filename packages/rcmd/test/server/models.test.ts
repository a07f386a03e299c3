import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { verifyJournals } from '../../src/audit/journal.ts';
import { NotStartedError } from '../../src/link/client-channel.ts';
import { closeInherited } from '../../src/process/inherited-descriptors.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { portModels } from '../support/port-models.ts';
import { runOverTLS, startServer, type TestClient, type TestServer } from '../support/servers.ts';

/** Starts a command that stays. */
async function startSleep(client: TestClient): Promise<number> {
  const channel = client.link.newChannel();
  channel.open({ argv: ['sleep', '60'], stdin: false });
  return (await channel.started).pid;
}

async function failureOf(client: TestClient): Promise<object> {
  const error = await client.run({ argv: ['true'] }).catch((reason: unknown) => reason);
  assert.ok(error instanceof NotStartedError, String(error));
  return { ...error.failure };
}

/** One server of a model on both kinds of listeners: workers take their time to start. */
async function startModel(model: 'concurrent' | 'threading' | 'forking'): Promise<TestServer> {
  return startServer({
    model,
    listen: (socket) => [`unix:${socket}`, '127.0.0.1:0'],
    limits: { maxCommandsPerClient: 2, maxConnectionsPerClient: 3 },
    authorize: () => 'no-shell',
    policy: (operation) => {
      return operation.kind === 'exec' && operation.request.argv?.[0] === 'id'
        ? { verdict: 'deny', reason: 'no id here' }
        : undefined;
    },
  });
}

// As `rcmd serve` does: Node gives to commands what this process was started with.
closeInherited();

for (const model of portModels) {
  describe(`a ${model} server`, () => {
    it('runs commands, with limits, decisions and an audit over all of its workers', async () => {
      await using started = await startModel(model);
      const [, tls = ''] = started.server.addresses;
      {
        await using one = await started.client();
        await using other = await started.client();

        const { stdout, end } = await one.run({ shell: 'cat; ls -l /proc/self/fd; env; exit 4' }, 'in ');
        assert.equal(end.exitCode, 4);
        assert.ok(stdout.startsWith('in '));
        assert.equal(/^NODE_/m.test(stdout), false, stdout);
        assert.deepEqual(
          [...stdout.matchAll(/ (\d+) -> /g)].map(([, fd]) => Number(fd)).toSorted((a, b) => a - b),
          [0, 1, 2, 3], // 3 is the listing itself
        );

        await startSleep(one);
        const pid = await startSleep(other);
        const busy = { code: 'BUSY', message: 'you have 2 commands running', retryAfterMs: 250 };
        assert.deepEqual(await Promise.all([one, other].map((client) => failureOf(client))), [busy, busy]);
        const { connections, commands } = await one.link.status();
        assert.deepEqual([connections, commands.map(({ argv }) => argv[0])], [2, ['sleep', 'sleep']]);
        assert.equal((await started.server.status()).commands.length, 2);
        await using _third = await started.client();
        await assert.rejects(started.client(), /you have 3 connections/);

        const guest = await loadIdentity(join(started.paths.state, 'guest'));
        const requests = [{ argv: ['true'] }, { argv: ['id'] }, { shell: 'true' }];
        const answers = requests.map(async (request) => {
          const last = (await runOverTLS(tls, guest, request)).at(-1)!;
          return last.type === 'failed' ? last.failure.message : last.type;
        });
        assert.deepEqual(await Promise.all(answers), [
          'exit',
          'no id here',
          'this key may not use a shell, only programs by their names',
        ]);

        await started.server.close();
        assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
      }
      const { runtime, state } = started.paths;
      assert.deepEqual(
        ['commands', 'pipes', 'cores', 'sessions'].flatMap((name) => filesIn(runtime, name)),
        [],
      );
      assert.deepEqual(verifyJournals(join(state, 'audit')), []);
    });
  });
}

function filesIn(runtime: string, name: string): string[] {
  try {
    return readdirSync(join(runtime, name));
  } catch {
    return [];
  }
}

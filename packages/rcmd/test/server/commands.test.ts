import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AuditJournal, journalFiles, parseLine, type JournalLine } from '../../src/audit/journal.ts';
import { NotStartedError } from '../../src/link/client-channel.ts';
import type { ServerEvent } from '../../src/index.ts';
import type { OpenRequest } from '../../src/protocol/open-request.ts';
import { authorizedKeysFile } from '../../src/trust/authorized-keys.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { until } from '../../../socketserver/test/support/until.ts';
import { untilGone, withTimeFor } from '../support/commands.ts';
import {
  runOverTLS,
  startRefused,
  startServer,
  type TestClient,
  type TestServer,
  textOf,
} from '../support/servers.ts';

function records({ paths }: TestServer): JournalLine[] {
  const files = journalFiles(join(paths.state, 'audit'));
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
  return lines.map((text) => parseLine(text)).filter((line) => line !== undefined);
}

async function failureOf(running: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof NotStartedError, String(error));
  return { ...error.failure };
}

/** Starts something, and reads nothing. */
async function start(client: TestClient, request: Partial<OpenRequest>) {
  const channel = client.link.newChannel();
  channel.open({ stdin: false, ...request });
  return { channel, started: await channel.started };
}

describe('a command', () => {
  it('is ended by its timeout, by idleness, by its output, by the server’s limits', async () => {
    await using started = await startServer({ limits: { maxOutputBytes: 100_000 } });
    await using client = await started.client();
    const killedBy = async (request: Partial<OpenRequest>) => (await client.run(request)).end.killedBy;
    assert.equal(await killedBy({ argv: ['sleep', '60'], timeoutMs: 50 }), 'timeout');
    assert.equal(await killedBy({ argv: ['sleep', '60'], idleTimeoutMs: 50 }), 'idle');
    assert.equal(await killedBy({ argv: ['yes'], maxOutputBytes: 1_000 }), 'output-limit');
    const { end, stdout } = await client.run({ argv: ['yes'] });
    assert.deepEqual([end.killedBy, end.isTruncated, stdout.length], ['output-limit', true, 100_000]);
    const stubborn = "trap '' TERM; echo ready; while :; do sleep 1; done";
    const killed = await withTimeFor(100, async (timeoutMs) => {
      const ran = await client.run({ shell: stubborn, timeoutMs, graceMs: 50 });
      return ran.stdout === '' ? undefined : ran;
    });
    assert.deepEqual([killed.end.signal, killed.end.killedBy], ['SIGKILL', 'timeout']);
  });

  it('gets the signals that its client sends, after the end of its input too', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { channel } = await start(client, {
      shell: "trap 'echo caught; exit 7' USR1; cat; echo ready; while :; do sleep 0.1; done",
      stdin: true,
    });
    channel.stdin.end();
    assert.equal((await channel.stdout.read())?.toString(), 'ready\n');
    channel.signal('SIGUSR1');
    assert.equal(await textOf(channel.stdout), 'caught\n');
    assert.equal((await channel.ended).exitCode, 7);
  });

  it('is told apart where it cannot run', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const codeOf = async (request: Partial<OpenRequest>) => (await failureOf(client.run(request)))['code'];
    assert.equal(await codeOf({ argv: ['no-such-program'] }), 'NOT_FOUND');
    assert.equal(await codeOf({ argv: ['/etc/passwd'] }), 'NOT_EXECUTABLE');
    assert.equal(await codeOf({ argv: ['true'], cwd: '/nowhere' }), 'NOT_EXECUTABLE');
    assert.equal(await codeOf({ argv: ['true'], env: { LD_PRELOAD: '/tmp/x' } }), 'DENIED');
    assert.equal(await codeOf({ argv: ['true'], killSignal: 'SIGWHAT' }), 'BAD_REQUEST');
  });

  it('that nobody reads waits, and holds nobody else up', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { channel } = await start(client, { shell: 'head -c 20000000 /dev/zero; echo done >&2' });
    assert.equal((await client.run({ argv: ['echo', 'other'] })).stdout, 'other\n');
    assert.equal(channel.stderr.isReady, false);
    assert.equal((await textOf(channel.stdout)).length, 20_000_000);
    assert.equal(await textOf(channel.stderr), 'done\n');
  });

  it('writes as it likes to stdout while nobody reads stderr', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const shell = 'head -c 60000 /dev/zero >&2; head -c 5000000 /dev/zero';
    const { channel } = await start(client, { shell });
    assert.equal((await textOf(channel.stdout)).length, 5_000_000);
    assert.equal((await channel.ended).exitCode, 0);
  });

  it('ends though a child of it holds its output open, and takes that along', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { stdout, end } = await client.run({ shell: 'sleep 1000 & echo $!' });
    assert.equal(end.exitCode, 0);
    await untilGone(Number(stdout));
  });

  it('ends when its reader has enough', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { channel } = await start(client, { argv: ['yes'] });
    await channel.stdout.read();
    channel.stdout.stop();
    assert.equal((await channel.ended).signal, 'SIGPIPE');
  });

  it('takes all of its processes along when its client abandons it, leaves or is gone', async () => {
    await using started = await startServer();
    const shell = 'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait';
    for (const end of ['abandon', 'leave', 'be cut off'] as const) {
      await using client = await started.client();
      const { channel, started: command } = await start(client, { shell });
      const pids = (await channel.stdout.read())!.toString().trim().split('\n');
      if (pids.length < 2) pids.push((await channel.stdout.read())!.toString().trim());
      if (end === 'abandon') channel.abandon();
      else if (end === 'leave') await client[Symbol.asyncDispose]();
      else client.cutOff();
      for (const pid of [command.pid, ...pids.map(Number)]) await untilGone(pid);
    }
    const ends = (): ServerEvent[] => started.events.filter(({ type }) => type === 'command-ended');
    await until(() => ends().length === 3); // the processes are gone before the server has learned of it
    assert.deepEqual(
      ends().map((event) => event.type === 'command-ended' && event.end.killedBy),
      ['client-signal', 'client-signal', 'client-gone'],
    );
  });

  it('is told of the drain, and its client learns how it ended', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { channel } = await start(client, {
      shell: "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done",
    });
    assert.equal((await channel.stdout.read())?.toString(), 'ready\n');
    const closing = started.server.close();
    assert.equal(await textOf(channel.stdout), 'bye\n');
    const { exitCode, killedBy } = await channel.ended;
    assert.deepEqual([exitCode, killedBy], [9, 'server-draining']);
    await closing;
    assert.match((await client.link.whenEnded).message, /the server is stopping/);
  });
});

describe('the limits', () => {
  it('say busy, and when to come again', async () => {
    await using started = await startServer({ limits: { maxCommandsPerConnection: 1 } });
    await using client = await started.client();
    const { channel } = await start(client, { argv: ['sleep', '1000'] });
    const failure = await failureOf(client.run({ argv: ['true'] }));
    assert.deepEqual([failure['code'], failure['retryAfterMs']], ['BUSY', 250]);
    channel.abandon();
    await channel.ended;
    await started.event('command-ended');
    assert.equal((await client.run({ argv: ['true'] })).end.exitCode, 0);
  });

  it('say so to who starts too many in a short time', async () => {
    // One in 1,000 s: nothing depends on the time that the test takes.
    await using started = await startServer({ limits: { opensPerSecond: 0.001 } });
    await using client = await started.client();
    assert.equal((await client.run({ argv: ['true'] })).end.exitCode, 0);
    const tooFast = await failureOf(client.run({ argv: ['true'] }));
    assert.equal(tooFast['code'], 'BUSY');
    assert.match(String(tooFast['message']), /0\.001 commands a second/);
    const waitMs = tooFast['retryAfterMs'] as number;
    assert.ok(waitMs > 500_000 && waitMs <= 1_000_000, String(waitMs));
  });

  it('hold for connections too', async () => {
    await using started = await startServer({ limits: { maxConnectionsPerClient: 1 } });
    await using _client = await started.client();
    await assert.rejects(started.client(), /you have 1 connections/);
  });
});

describe('the audit', () => {
  it('has what was asked for before it runs, and how it ended', async () => {
    await using started = await startServer();
    await using client = await started.client();
    await client.run({ shell: 'cat; exit 3', cwd: '/' }, 'abc');
    await failureOf(client.run({ argv: ['nothing-there'] }));
    await failureOf(client.run({ argv: ['true'], env: { IFS: 'x' } }));
    const found = records(started).map(({ event, shell, argv, cwd, exitCode, stdinBytes, reason }) =>
      [event, shell ?? argv, cwd, exitCode, stdinBytes, reason].filter((value) => value !== undefined),
    );
    assert.deepEqual(found, [
      ['start', 'cat; exit 3', '/'],
      ['end', 3, 3],
      ['start', ['nothing-there']],
      ['failed', found[3]![1]],
      ['denied', ['true'], 'the variable IFS may not be set'],
    ]);
  });

  it('lets nothing run that it cannot hold, unless that was asked for', async (t) => {
    for (const mustBeWritten of [true, false]) {
      await using started = await startServer({ audit: { mustBeWritten } });
      await using client = await started.client();
      const write = t.mock.method(AuditJournal.prototype, 'write', () => {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      });
      const file = join(started.paths.state, 'ran');
      const running = client.run({ shell: `: >${file}` });
      if (mustBeWritten) assert.equal((await failureOf(running))['code'], 'AUDIT');
      else await running;
      assert.equal(existsSync(file), !mustBeWritten);
      assert.match((await started.event('audit-failed')).reason, /no space/);
      write.mock.restore();
    }
  });
});

describe('an audit that cannot be written', () => {
  it('is no reason not to send clients away that are nobody', async (t) => {
    t.mock.method(AuditJournal.prototype, 'write', () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    const faultsAt = async (authenticationMs: number, visit: (port: number) => Promise<void>) => {
      await using started = await startServer({ listen: '127.0.0.1:0', admission: { authenticationMs } });
      await visit(Number(started.server.addresses[0]!.split(':')[1]));
      await started.refusals(1);
      return started.events
        .map((event) => (event.type === 'connection-refused' ? event.fault : event.type))
        .filter((type) => type !== 'listening');
    };
    const silent = await faultsAt(20, async (port) => {
      const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
    });
    assert.deepEqual(silent, ['audit-failed', 'silent']);
    const web = await faultsAt(600_000, async (port) => {
      const socket = connect(port, '127.0.0.1').end('GET / HTTP/1.1\r\n\r\n');
      assert.match((await socket.setEncoding('utf8').toArray()).join(''), /^HTTP\/1.1 400 /);
    });
    assert.deepEqual(web, ['audit-failed', 'protocol']);
  });
});

describe('a key in authorized_keys', () => {
  it('may do what its line says, from the next connection on', async () => {
    await using started = await startServer({ listen: '127.0.0.1:0' });
    const [address = ''] = started.server.addresses;
    const guest = await loadIdentity(join(started.paths.state, 'guest'));
    const file = authorizedKeysFile(started.paths.config);
    const outcome = async (request: Partial<OpenRequest>) => {
      const messages = await runOverTLS(address, guest, request);
      const last = messages.at(-1)!;
      const data = messages.find(({ type }) => type === 'data');
      if (data?.type === 'data') return data.bytes.toString();
      return last.type === 'failed' ? last.failure.code : last.type;
    };
    assert.equal(await outcome({ argv: ['true'] }), 'go-away');
    writeFileSync(file, `allow="echo *" ${guest.fingerprint} guest\n`);
    assert.equal(await outcome({ argv: ['echo', 'hi'] }), 'hi\n');
    assert.equal(await outcome({ argv: ['id'] }), 'DENIED');
    assert.equal(await outcome({ shell: 'echo hi' }), 'DENIED');
    writeFileSync(file, `command="echo \\"\\$RCMD_ORIGINAL_COMMAND\\"" ${guest.fingerprint}\n`);
    assert.equal(await outcome({ argv: ['id'] }), '["id"]\n');
    const forced = records(started).findLast(({ event }) => event === 'start');
    assert.deepEqual([forced?.shell, forced?.original], ['echo "$RCMD_ORIGINAL_COMMAND"', '["id"]']);
    writeFileSync(file, '');
    assert.equal(await outcome({ argv: ['true'] }), 'go-away');
    appendFileSync(file, `expires=2020-01-01 ${guest.fingerprint}\n`);
    assert.equal(await outcome({ argv: ['true'] }), 'go-away');
  });

  it('must be there before a server listens beyond its machine', async () => {
    await assert.rejects(startRefused({ listen: '0.0.0.0:0' }), { code: 'NO_AUTHORIZED_KEYS' });
  });
});

/** A client that is not ours, in another language, as the page on the protocol describes it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CommandEnd, CommandFailure } from '../../src/protocol/command-end.ts';
import { temporaryFolder } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { Program } from '../support/program.ts';
import { startServer, type TestServer } from '../support/servers.ts';

const client = fileURLToPath(new URL('client.py', import.meta.url));

/** What the client prints about a command. */
interface Answer {
  readonly failed?: CommandFailure;
  readonly exit?: CommandEnd;
  readonly stdout?: string;
  readonly stderr?: string;
}

describe('a client in Python', needs('python3', 'openssl'), () => {
  const folder = temporaryFolder();
  const pem = join(folder.path, 'client.pem');
  let started: TestServer;
  before(async () => {
    const key = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=client', '-days', '2'];
    writeFileSync(pem, execFileSync('openssl', [...key, '-keyout', '-', '-out', '-'], { stdio: 'pipe' }));
    const spki = createPublicKey(readFileSync(pem, 'utf8')).export({ type: 'spki', format: 'der' });
    const fingerprint = `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`;
    started = await startServer({
      listen: (socket) => ['127.0.0.1:0', `unix:${socket}`],
      authorize: (asker) => asker.fingerprint === fingerprint,
    });
  });
  after(async () => {
    await started[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function answers(address: string, requests: readonly unknown[]): Promise<Answer[]> {
    await using python = new Program(
      ['python3', client, address, pem, started.server.fingerprint],
      process.env,
    );
    const { code, stderr, stdout } = await python.finish(
      requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
    );
    assert.deepEqual([code, stderr], [0, '']);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  }

  for (const carrier of ['127.0.0.1:', 'unix:']) {
    it(`runs commands one after the other over ${carrier}`, async () => {
      const address = started.server.addresses.find((one) => one.startsWith(carrier))!;
      const input = 'a line of text that is longer than most\n'.repeat(20_000);
      const [echo, shell, none, cat, killed, strange, wrong, abandoned, stopped, status] = await answers(
        address,
        [
          { argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'] },
          { shell: 'pwd; echo $A', cwd: '/usr', env: { A: 'b' } },
          { argv: ['no-such-program'] },
          { argv: ['cat'], input },
          { shell: 'trap "" TERM; echo up; exec sleep 60', signal: 'SIGKILL' },
          { shell: 'echo up; sleep 0.3; exit 4', signal: 'SIGNOWHERE' },
          { argv: ['true'], killSignal: 'SIGNOWHERE' },
          { shell: 'echo up; exec sleep 60', abandon: true },
          { argv: ['yes'], stopAfter: 100_000 },
          'status',
        ],
      );
      assert.deepEqual([echo?.exit?.exitCode, echo?.stdout, echo?.stderr], [3, 'out\n', 'err\n']);
      assert.deepEqual([shell?.exit?.exitCode, shell?.stdout], [0, '/usr\nb\n']);
      assert.equal(none?.failed?.code, 'NOT_FOUND');
      assert.equal(cat?.stdout, input);
      assert.deepEqual([cat?.exit?.stdinBytes, cat?.exit?.stdoutBytes], [input.length, input.length]);
      assert.equal(killed?.exit?.signal, 'SIGKILL');
      assert.equal(strange?.exit?.exitCode, 4);
      assert.equal(wrong?.failed?.code, 'BAD_REQUEST');
      assert.deepEqual([abandoned?.exit?.signal, abandoned?.exit?.killedBy], ['SIGTERM', 'client-signal']);
      assert.equal(stopped?.exit?.signal, 'SIGPIPE');
      assert.equal((status as { connections?: number }).connections, 1);
    });
  }
});

/** "Another local user gets nothing": a program of another user tries each door in turn, while the test opens the ones before it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { preface } from '../../src/protocol/frame.ts';
import { encodeMessage } from '../../src/protocol/message.ts';
import { workerEngines } from '../../../socketserver/test/support/worker-engines.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/programs.ts';
import { startServer } from '../support/servers.ts';

const stranger = 65_534;
const asStranger = ['--reuid', stranger, '--regid', stranger, '--clear-groups'] as const;

/** Connects to a Unix socket, sends what it is given as hexadecimal digits, and prints all that comes, or why nothing does. */
const client = `
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    s.sendall(bytes.fromhex(sys.argv[2]))
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536):
        sys.stdout.write(data.decode('latin1'))
except OSError as error:
    print(type(error).__name__)
`;

/** Who is at the other end of a socket, only the native engine tells. */
const knowsPeers =
  process.env['SOCKETSERVER_ENGINE'] !== 'node' && workerEngines.some(([name]) => name === 'native');

/** A greeting, and a command. */
const asks = Buffer.concat([
  preface,
  ...encodeMessage({ type: 'hello', hello: { min: 1, max: 1, features: [], software: 'stranger' } }),
  ...encodeMessage({
    type: 'open',
    channel: 1,
    request: { argv: ['id'], stdin: false, credit: { stdout: 1_000, stderr: 1_000 } },
  }),
]).toString('hex');

/** Only root can be somebody else. */
function needsRoot(): { readonly skip: string | false } {
  const programs = needs('setpriv', 'python3');
  if (programs.skip !== false) return programs;
  if (process.getuid?.() !== 0) return { skip: 'only root can run a program as another user' };
  const { status, stderr } = spawnSync('setpriv', [...asStranger.map(String), 'true'], { encoding: 'utf8' });
  return { skip: status === 0 ? false : `this machine lets nobody be another user: ${stderr.trim()}` };
}

describe('another user of the machine', needsRoot(), () => {
  for (const model of ['concurrent', 'threading', 'forking'] as const) {
    it(`gets nothing from the socket of a ${model} server, whatever of its doors stands open`, async () => {
      await using started = await startServer({ model });
      const path = started.server.addresses[0]!.slice('unix:'.length);
      const folder = dirname(path);
      const attempt = (): Promise<string> =>
        run('setpriv', [...asStranger, '/usr/bin/python3', '-c', client, path, asks]);
      chmodSync(dirname(folder), 0o711); // the test's own
      assert.deepEqual([statSync(folder).mode & 0o777, statSync(path).mode & 0o777], [0o700, 0o600]);

      assert.equal(await attempt(), 'PermissionError\n', 'the folder is closed');
      chmodSync(folder, 0o711);
      assert.equal(await attempt(), 'PermissionError\n', 'the socket is closed');
      if (!knowsPeers) return; // and the open socket would be everybody's
      chmodSync(path, 0o666);
      const why = `user ${stranger} may not use this socket`;
      assert.ok((await attempt()).includes(`you may not come in: ${why}`), 'the peer is known');

      assert.deepEqual(await started.refusals(1), [why]);
      assert.ok(!started.events.some(({ type }) => type === 'command-started'));
      await using own = await started.client();
      assert.equal((await own.run({ argv: ['true'] })).end.exitCode, 0);
    });
  }
});

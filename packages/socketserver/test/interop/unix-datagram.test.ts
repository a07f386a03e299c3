import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ConcurrentUnixDatagramServer } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { EchoPacket } from './echo-servers.ts';
import { needs, peer, Program, run } from './program.ts';

const directory = mkdtempSync(join(tmpdir(), 'ss-'));
after(() => rmSync(directory, { recursive: true }));

const hasNative = workerEngines.some(([name]) => name === 'native');
const native = hasNative ? { skip: false } : { skip: 'needs the native engine' };

describe('Unix datagrams', native, () => {
  const path = join(directory, 'server');
  const serve = () => {
    const options = { engine: 'native', maxPacketSize: 100_000 } as const;
    return serving(new ConcurrentUnixDatagramServer(path, EchoPacket, options));
  };

  it('are exchanged with Python', needs('python3'), async () => {
    await using _ = serve();
    const { status, stdout, stderr } = await run([
      'python3',
      peer('unix_datagram_client.py'),
      path,
      join(directory, 'python'),
    ]);
    assert.equal(stderr, '');
    assert.equal(stdout, 'Unix datagrams\n');
    assert.equal(status, 0);
  });

  for (const command of [
    ['nc', '-uU', '-s', join(directory, 'nc'), path],
    ['socat', '-', `UNIX-SENDTO:${path},bind=${join(directory, 'socat')}`],
  ] as const) {
    it(`are exchanged with ${command[0]}`, needs(command[0]), async () => {
      await using _ = serve();
      await using program = new Program(command);
      program.stdin.write('hello\n');
      const [reply] = (await once(program.stdout, 'data')) as [Buffer];
      assert.equal(reply.toString(), 'hello\n');
    });
  }
});

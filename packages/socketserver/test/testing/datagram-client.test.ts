import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ConcurrentUDPServer, UDPServer, UnixDatagramServer } from '../../src/index.ts';
import { loadNativeEngine } from '../../src/engine/native-engine.ts';
import { createMemoryEngine, DatagramClient, startServer } from '../../src/testing/index.ts';
import { EchoPackets } from './handlers/packets.ts';
import { until } from '../support/until.ts';

const hasNative = !(loadNativeEngine() instanceof Error);
const memory = createMemoryEngine();

for (const [name, engine] of [
  ['UDP', 'node'],
  ['memory', memory],
] as const) {
  describe(`DatagramClient over ${name}`, () => {
    it('sends, receives in order, and asks', async () => {
      await using running = startServer(UDPServer, EchoPackets, { engine });
      await using client = new DatagramClient({ engine });
      await client.send('one', running.address);
      await client.send(Buffer.from('two'), running.address);
      assert.deepEqual(await client.receive(), { data: Buffer.from('one'), sender: running.address });
      assert.equal(String((await client.receive()).data), 'two');
      assert.equal(await client.ask('', running.address), '');
    });

    it('says what it waited for', async () => {
      await using client = new DatagramClient({ engine, waitMs: 5 });
      const [host, port] = client.address;
      await assert.rejects(client.receive(), {
        code: 'WAIT_TIMEOUT',
        message: `Waited 5 ms for a datagram at ${host}:${port}`,
      });
      await client.send('late', client.address);
      assert.equal(String((await client.receive({ waitMs: 5_000 })).data), 'late');
    });

    it('passes on that a datagram is too long', async () => {
      await using client = new DatagramClient({ engine });
      await assert.rejects(client.send(Buffer.alloc(65_508), client.address), { code: 'EMSGSIZE' });
    });
  });
}

describe('DatagramClient on a Unix socket', { skip: !hasNative && 'needs the native engine' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'socketserver-datagrams-'));
  after(() => rmSync(folder, { recursive: true }));

  it('has a path of its own, and removes it', async () => {
    await using running = startServer(UnixDatagramServer, EchoPackets, { engine: 'native' });
    const path = join(folder, 'client.sock');
    {
      await using client = new DatagramClient<string>({ address: path });
      assert.equal(client.address, path);
      assert.equal(await client.ask('hello', running.address), 'hello');
    }
    assert.equal(existsSync(path), false);
  });
});

describe('datagrams in memory', () => {
  it('wait up to maxPending, and are dropped and cut as in a kernel', async () => {
    const engine = createMemoryEngine();
    const limits = { maxPending: 2, whenFull: 'drop-oldest' } as const;
    const options = { engine, limits, maxPacketSize: 4 } as const;
    await using server = new ConcurrentUDPServer(['127.0.0.1', 0], EchoPackets, options);
    await using client = new DatagramClient({ engine });
    for (const data of ['one', 'two', 'three']) await client.send(data, server.serverAddress);
    await until(() => server.droppedPackets > 0);
    await using _ = startServer(server, { engine });
    assert.equal(String((await client.receive()).data), 'two');
    assert.equal(String((await client.receive()).data), 'thre');
  });

  it('go lost where nobody is, and have one owner for each address', async () => {
    const engine = createMemoryEngine();
    await using client = new DatagramClient({ engine });
    await client.send('lost', ['127.0.0.1', 1]);
    assert.throws(() => new DatagramClient({ engine, address: client.address }), { code: 'EADDRINUSE' });
    await using named = new DatagramClient<string>({ engine, address: '/tmp/in-memory' });
    await assert.rejects(named.send('lost', '/tmp/nobody'), { code: 'ENOENT' });
  });
});

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ConcurrentUDPServer, ForkingUDPServer, ThreadingUDPServer, UDPServer } from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { serving } from '../support/serving.ts';
import { Obey } from '../workers/handlers/datagrams.ts';

const run = promisify(execFile);
const servers = [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer] as const;

/** Asks each host for the address under which it was reached, `times` times in a row, and says who answered what. */
async function ask(port: number, hosts: readonly string[], times: number): Promise<string[]> {
  const client = createSocket('udp4');
  const answers: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  client.on('message', (answer: Buffer, { address }: RemoteInfo) => {
    if (answers.push(`${address} ${answer.toString()}`) === hosts.length * times) resolve();
  });
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
  for (let time = 0; time < times; time += 1) for (const host of hosts) client.send('address', port, host);
  await promise;
  client.close();
  return answers.toSorted();
}

const skip = engines.some(([name]) => name === 'native') ? false : 'the native engine is not here';

describe('a server that is bound to any address, on the native engine', { skip }, () => {
  for (const Server of servers) {
    for (const allowReusePort of [false, true]) {
      for (const [any, prefix] of [
        ['0.0.0.0', ''],
        ['::', '::ffff:'],
      ] as const) {
        const shared = allowReusePort ? ', with a shared port' : '';
        it(`answers from where it was reached, as ${Server.name} at ${any}${shared}`, async () => {
          await using server = new Server([any, 0], Obey, { engine: 'native', allowReusePort });
          await using _ = serving(server);
          const hosts = ['127.0.0.2', '127.0.0.3', '127.0.0.1'];
          const [, port] = server.serverAddress;
          const expected = hosts.flatMap((host) => Array<string>(20).fill(`${host} ${prefix}${host}`));
          assert.deepEqual(await ask(port, hosts, 20), expected.toSorted());
        });
      }
    }
  }

  it('answers others than the client from the address that the system picks', async () => {
    await using server = new ConcurrentUDPServer(['0.0.0.0', 0], Obey, { engine: 'native' });
    await using _ = serving(server);
    const other = createSocket('udp4').bind(0, '127.0.0.1').unref();
    await once(other, 'listening');
    const client = createSocket('udp4').unref();
    client.send(`tell ${other.address().port}`, server.serverAddress[1], '127.0.0.2');
    const [, { address }] = (await once(other, 'message')) as [Buffer, RemoteInfo];
    assert.equal(address, '127.0.0.1');
    client.close();
    other.close();
  });

  it('knows the client by its IPv4 address at :: too', async () => {
    await using server = new ConcurrentUDPServer(['::', 0], Obey, { engine: 'native' });
    await using _ = serving(server);
    const client = createSocket('udp4').bind(0, '127.0.0.1').unref();
    await once(client, 'listening');
    client.send(`tell ${client.address().port}`, server.serverAddress[1], '127.0.0.2');
    const [, { address }] = (await once(client, 'message')) as [Buffer, RemoteInfo];
    assert.equal(address, '127.0.0.2');
    client.close();
  });

  for (const [any, client, moved] of [
    ['0.0.0.0', '127.0.0.1', '10.9.9.2'],
    ['::', '127.0.0.1', '10.9.9.2'],
    ['::', '::1', 'fd00::2'],
  ] as const) {
    it(`answers ${client} from another address once ${moved} has gone, at ${any}`, async (t) => {
      const program = fileURLToPath(new URL('./programs/loses-address.ts', import.meta.url));
      const setUp = `ip link set lo up && ip addr add ${moved} dev lo`;
      const apart = ['--map-root-user', '--net', 'sh', '-c', `${setUp} && exec "$@"`, 'sh'];
      if (spawnSync('unshare', [...apart, 'true']).status !== 0) return t.skip('no network of its own');
      const { stdout } = await run('unshare', [...apart, process.execPath, program, any, client, moved]);
      assert.deepEqual(
        stdout.trim().split('\n'),
        ['alone', 'joined', 'joined', 'joined', 'large', 'after all'].map((answer) => `${client} ${answer}`),
      );
    });
  }
});

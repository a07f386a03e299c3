import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { EchoServers } from './echo-servers.ts';
import { type Command, needs, peer, Program, run } from './program.ts';
import { engines } from '../support/engines.ts';

const asks = fileURLToPath(new URL('./programs/asks-connected.ts', import.meta.url));

/** In a network of its own, with addresses for IPv6 beside the loopback's, of which one is the link's alone. */
const apart = ['unshare', '--map-root-user', '--net', 'sh', '-c'] as const;
const addresses = ['fd00::2/128', 'fd00::3/128', 'fe80::5/64'].reduce(
  (script, address) => `${script} && ip addr add ${address} dev lo`,
  'ip link set lo up',
);
const hasNative = engines.some(([name]) => name === 'native');
const canBeApart = hasNative && spawnSync(apart[0], [...apart.slice(1), addresses]).status === 0;

describe('Python', needs('python3'), () => {
  it('exchanges bytes with its socket module, over TCP, UDP and a Unix socket', async () => {
    await using servers = new EchoServers();
    const { tcpPort, udpPort, path } = servers;
    const { status, stdout, stderr } = await run([
      'python3',
      peer('socket_client.py'),
      tcpPort,
      udpPort,
      path,
    ]);
    assert.equal(stderr, '');
    assert.equal(stdout, 'TCP\nTCP lines\nUnix\nUDP\n');
    assert.equal(status, 0);
  });

  it('hears UDP answers by a connected socket, whichever address of many it wrote to', async (t) => {
    if (!hasNative) return t.skip('the native engine is not here');
    const ask = async (command: Command): Promise<void> => {
      const hosts = command.slice(command.indexOf(asks) + 2);
      const prefix = command.includes('::') && !hosts.includes('::1') ? '::ffff:' : '';
      const { status, stdout, stderr } = await run(command);
      assert.equal(stderr, '');
      assert.equal(stdout, hosts.map((host) => `${prefix}${String(host).split(',')[0]}\n`).join(''));
      assert.equal(status, 0);
    };
    const { execPath } = process;
    await ask([execPath, asks, '0.0.0.0', '127.0.0.2', '127.0.0.1']);
    await ask([execPath, asks, '::', '127.0.0.2', '127.0.0.1']);
    if (!canBeApart) return t.diagnostic('no network of its own, so no second IPv6 address');
    const script = `${addresses} && exec "$@"`;
    await ask([...apart, script, 'sh', execPath, asks, '::', 'fd00::3', 'fd00::2', '::1']);
    const acrossScopes = ['fe80::5%lo', 'fe80::5%lo,fd00::2', 'fe80::5%lo,::1', '::1'];
    await ask([...apart, script, 'sh', execPath, asks, '::', ...acrossScopes]);
  });

  it('makes several requests on one connection with http.client', async () => {
    await using example = Program.example('http-hello.ts', '127.0.0.1', 0);
    const { status, stdout, stderr } = await run(['python3', peer('http_client.py'), await example.port()]);
    assert.equal(stderr, '');
    assert.equal(
      stdout,
      'GET / 200 13 13\n' +
        'HEAD /about 200 23 0\n' +
        'GET /nowhere 404 10 10\n' +
        'POST /echo 200 5000 5000\n' +
        'GET /about 200 23 23\n',
    );
    assert.equal(status, 0);
  });

  it('answers our connect() from a server of its own socketserver', async () => {
    await using server = new Program(['python3', peer('echo_server.py')]);
    await using socket = await connect(['127.0.0.1', await server.port()]);
    await socket.sendall('hello\n');
    assert.equal((await socket.readline()).toString(), 'hello\n');
    const lines = 'the rest\n'.repeat(10_000);
    const sent = socket.sendall(lines).then(() => socket.shutdown('write'));
    assert.equal((await readAll(socket)).toString(), lines);
    await sent;
    server.stdin.end();
    assert.equal(await server.status, 0);
  });
});

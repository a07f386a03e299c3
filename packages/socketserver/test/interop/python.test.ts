import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { EchoServers } from './echo-servers.ts';
import { needs, peer, Program, run } from './program.ts';

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

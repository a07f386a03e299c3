import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { BaseRequestHandler, UnixStreamServer } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { EchoServers } from './echo-servers.ts';
import { type Command, needs, Program, run } from './program.ts';

const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join('');

describe('netcat and socat', () => {
  let servers: EchoServers;
  before(() => {
    servers = new EchoServers();
  });
  after(() => servers[Symbol.asyncDispose]());

  /** Pipes text through a program, which ends when the server has closed too. */
  const pipeThrough = async (command: Command) => {
    const { status, stdout, stderr } = await run(command, { input: lines });
    assert.equal(stderr, '');
    assert.equal(stdout, lines);
    assert.equal(status, 0);
  };

  /** Sends one datagram with a program that does not know when it is done. */
  const askOnce = async (command: Command) => {
    await using program = new Program(command);
    program.stdin.write('hello\n');
    const [reply] = (await once(program.stdout, 'data')) as [Buffer];
    assert.equal(reply.toString(), 'hello\n');
  };

  it('pipe text through an echo server with nc, over TCP', needs('nc'), async () => {
    await pipeThrough(['nc', '-N', '127.0.0.1', servers.tcpPort]);
  });

  it('pipe text through an echo server with nc, over a Unix socket', needs('nc'), async () => {
    await pipeThrough(['nc', '-N', '-U', servers.path]);
  });

  it('get a datagram back with nc', needs('nc'), async () => {
    await askOnce(['nc', '-u', '127.0.0.1', servers.udpPort]);
  });

  it('pipe text through an echo server with socat, over TCP', needs('socat'), async () => {
    await pipeThrough(['socat', '-t', 60, '-', `TCP:127.0.0.1:${servers.tcpPort}`]);
  });

  it('pipe text through an echo server with socat, over a Unix socket', needs('socat'), async () => {
    await pipeThrough(['socat', '-t', 60, '-', `UNIX-CONNECT:${servers.path}`]);
  });

  it('get a datagram back with socat', needs('socat'), async () => {
    await askOnce(['socat', '-', `UDP:127.0.0.1:${servers.udpPort}`]);
  });

  const onLinux =
    process.platform === 'linux' ? needs('socat') : { skip: 'abstract names exist on Linux only' };
  it('reach an abstract name with socat', onLinux, async () => {
    class Greeting extends BaseRequestHandler {
      override handle() {
        return this.request.sendall('hello from nowhere');
      }
    }
    const name = `socketserver-${process.pid}`;
    await using server = new UnixStreamServer(`\0${name}`, Greeting);
    await using _ = serving(server);
    const { stdout } = await run(['socat', '-t', 60, '-', `ABSTRACT-CONNECT:${name}`]);
    assert.equal(stdout, 'hello from nowhere');
  });
});

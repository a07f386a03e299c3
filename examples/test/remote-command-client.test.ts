import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, TCPServer } from 'socketserver';
import { closedPort } from '../../packages/socketserver/test/support/closed-port.ts';
import { startPythonServer, startServer } from './classic-exchange.ts';
import { peakMemoryBytes } from './process-memory.ts';
import { RunningProgram } from './running-program.ts';
import { WatchedPipe } from './watched-pipe.ts';

const path = 'remote-command-client.ts';

describe('the remote command client, with piped input', () => {
  it('leaves with exit code 0 at the end of an empty input', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = RunningProgram.example(path, [port]);
    assert.deepEqual(await client.finish(), { code: 0, stdout: '', stderr: '' });
  });

  it('ignores empty lines, and runs a last line that has no end', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = RunningProgram.example(path, [port]);
    const { stdout, code } = await client.finish('\n  \necho one\n\necho two');
    assert.equal(stdout, '4\none\n4\ntwo\n');
    assert.equal(code, 0);
  });

  it('holds only a part of a large output', { skip: process.platform !== 'linux' }, async () => {
    const { server, port } = await startPythonServer();
    await using _ = server;
    await using client = RunningProgram.example(path, [port]);
    client.write('echo ready\n');
    await client.stdout.waitFor(/ready\n/);
    const before = await peakMemoryBytes(client.pid);
    client.write("head -c 300M /dev/zero | tr '\\0' a\necho done\n");
    await client.stdout.waitFor(/\n5\ndone\n/);
    const growth = (await peakMemoryBytes(client.pid)) - before;
    assert.ok(growth < 128 * 1024 * 1024, `the client grew by ${growth} bytes`);
  });

  it('says in one line that the server cannot be reached', async () => {
    using closed = closedPort();
    const { port } = closed;
    await using client = RunningProgram.example(path, ['127.0.0.1', port]);
    const { code, stdout, stderr } = await client.finish('echo hi\n');
    assert.equal(
      stderr,
      `cannot reach a server at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}\n`,
    );
    assert.equal(stdout, '');
    assert.equal(code, 1);
  });

  it('says in one line that the server was lost', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = RunningProgram.example(path, [port]);
    client.write('echo hi\n');
    await client.stdout.waitFor(/hi\n/);
    server.kill('SIGTERM');
    await server.ended();
    const { code, stderr } = await client.finish('echo again\n');
    assert.match(stderr, /^lost the server at 127\.0\.0\.1:\d+: .+\n$/);
    assert.equal(code, 1);
  });

  it('says in one line that the server was lost in the middle of an output', async () => {
    await using server = new TCPServer(['127.0.0.1', 0], HalfAnswer);
    const serving = server.handleRequest();
    await using client = RunningProgram.example(path, [server.serverAddress[1]]);
    const { code, stdout, stderr } = await client.finish('anything\n');
    assert.equal(stdout, '100\nhalf');
    assert.equal(
      stderr,
      `lost the server at 127.0.0.1:${server.serverAddress[1]}: it closed the connection\n`,
    );
    assert.equal(code, 1);
    await serving;
  });

  it('says in one line that the port speaks another protocol', async () => {
    await using server = new TCPServer(['127.0.0.1', 0], Chatter);
    const serving = server.handleRequest();
    await using client = RunningProgram.example(path, [server.serverAddress[1]]);
    const { code, stderr } = await client.finish('anything\n');
    assert.match(
      stderr,
      /^the server at 127\.0\.0\.1:\d+ answered "HTTP\/1\.1 400 Bad Request\\r\\n", not a size\n$/,
    );
    assert.equal(code, 1);
    await serving;
  });

  it('leaves when nobody reads its output any more', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = new RunningProgram([
      'sh',
      '-c',
      `echo 'yes | head -c 20000000' | '${process.execPath}' examples/${path} ${port} | head -n 1`,
    ]);
    const { stdout, stderr } = await client.finish();
    assert.equal(stdout, '20000000\n');
    assert.equal(stderr, '');
  });
});

describe('the remote command client, in a terminal', () => {
  it('has a prompt with history, and leaves on Ctrl-D', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = typedClient(port);
    await client.stdout.waitFor(/>> /);
    client.write('echo first\r');
    await client.stdout.waitFor(/6\r\nfirst\r\n.*>> /);
    client.write('echo secnd\r');
    await client.stdout.waitFor(/6\r\nsecnd\r\n.*>> /);
    client.write(`${arrowUp}${arrowLeft}${arrowLeft}o\r`);
    await client.stdout.waitFor(/7\r\nsecond\r\n.*>> /);
    client.write(`${arrowUp}${arrowUp}${arrowUp}\r`);
    await client.stdout.waitFor(/6\r\nfirst\r\n.*>> /);
    client.write(endOfInput);
    assert.equal((await client.ended()).code, 0);
    await server.stdout.waitFor(/is closed!/);
  });

  it('leaves on Ctrl-C at the prompt', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = typedClient(port);
    await client.stdout.waitFor(/>> /);
    client.write(interrupt);
    assert.equal((await client.ended()).code, 0);
    await server.stdout.waitFor(/is closed!/);
  });

  it('leaves on Ctrl-C while a command runs, and the command ends', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using pipe = await WatchedPipe.create();
    await using client = typedClient(port);
    await client.stdout.waitFor(/>> /);
    client.write(`${pipe.hold('sleep 1000')}\r`);
    await pipe.running();
    client.write(interrupt);
    await pipe.released();
    assert.equal((await client.ended()).code, 0);
  });

  it('says at once that the server was lost', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = typedClient(port);
    await client.stdout.waitFor(/>> /);
    server.kill('SIGTERM');
    await client.stdout.waitFor(/\r\nlost the server at 127\.0\.0\.1:\d+: it closed the connection\r\n/);
    assert.equal((await client.ended()).code, 1);
  });
});

const arrowUp = '\u001b[A';
const arrowLeft = '\u001b[D';
const endOfInput = '\u0004';
const interrupt = '\u0003';

function typedClient(port: number): RunningProgram {
  return RunningProgram.peer('terminal.py', [process.execPath, `examples/${path}`, port]);
}

class HalfAnswer extends BaseRequestHandler {
  override async handle(): Promise<void> {
    await this.request.recv(1_024);
    await this.request.sendall('100');
    await this.request.recv(1_024);
    await this.request.sendall('half');
  }
}

class Chatter extends BaseRequestHandler {
  override async handle(): Promise<void> {
    await this.request.sendall('HTTP/1.1 400 Bad Request\r\n');
  }
}

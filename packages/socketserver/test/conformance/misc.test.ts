/** The rest of CPython's `test_socketserver.py`: `SocketServerTest` apart from its matrix, and `MiscTestCase`. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import { type StreamSocket, TCPServer, ThreadingTCPServer } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { askOverStream } from './clients.ts';
import { EchoLine } from './handlers.ts';
import { pythonClasses } from './python-names.ts';

const loopback = ['127.0.0.1', 0] as const;

describe('starting and stopping', () => {
  it('test_shutdown: has no race between serveForever and shutdown, over twenty servers', async () => {
    const servers = Array.from({ length: 20 }, () => new TCPServer(loopback, EchoLine));
    const loops = servers.map((server) => server.serveForever());
    await Promise.all(servers.map((server) => server.shutdown()));
    await Promise.all(loops);
    await Promise.all(servers.map((server) => server.serverClose()));
  });

  it('test_close_immediately: can close without ever having served', async () => {
    const server = new ThreadingTCPServer(loopback, EchoLine);
    await server.serverClose();
    assert.equal(server.fileno(), -1);
  });

  it('test_tcpserver_bind_leak: leaks no descriptor when the constructor fails', () => {
    const descriptors = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const before = descriptors();
    for (let attempt = 0; attempt < 1_024; attempt += 1) {
      assert.throws(() => new TCPServer(['127.0.0.1', -1], EchoLine), RangeError);
    }
    assert.equal(descriptors(), before);
  });

  it('test_context_manager: closes at the end of an await using block', async () => {
    const kept = new TCPServer(loopback, EchoLine);
    {
      await using server = kept;
      const asking = askOverStream(server.serverAddress, 'hello world\n');
      await server.handleRequest();
      assert.equal(await asking, 'hello world\n');
    }
    assert.equal(kept.fileno(), -1);
  });
});

describe('everything else', () => {
  it('test_all: exports every class of Python', () => {
    const exported = new Set(Object.keys(library));
    assert.deepEqual(
      pythonClasses.filter((name) => !exported.has(name)),
      [],
    );
  });

  it('test_shutdown_request_called_if_verify_request_false: shuts a refused request down, once', async () => {
    const shutDown: StreamSocket[] = [];
    class Refusing extends TCPServer {
      override verifyRequest() {
        return false;
      }
      override shutdownRequest(request: StreamSocket<library.InetAddress>) {
        shutDown.push(request);
        return super.shutdownRequest(request);
      }
    }
    await using server = new Refusing(loopback, EchoLine);
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, ''), '');
    assert.equal(shutDown.length, 1);
  });

  it('test_threads_reaped: keeps nothing of requests that have ended', async () => {
    await using server = new ThreadingTCPServer(loopback, EchoLine);
    await using _ = serving(server);
    for (let count = 0; count < 10; count += 1) {
      assert.equal(await askOverStream(server.serverAddress, 'hello world\n'), 'hello world\n');
    }
    assert.ok(server.activeRequests < 10);
  });
});

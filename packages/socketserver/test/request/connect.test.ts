import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, connect, TCPServer } from '../../src/index.ts';

class Idle extends BaseRequestHandler {}

describe('connect()', () => {
  it('looks a host name up, and tries its addresses in turn', async () => {
    await using server = new TCPServer(['127.0.0.1', 0], Idle);
    const handled = server.handleRequest();
    await using socket = await connect(['localhost', server.serverAddress[1]]);
    assert.deepEqual(socket.getpeername(), server.serverAddress);
    await handled;
  });

  it('says why it could not', async () => {
    const server = new TCPServer(['127.0.0.1', 0], Idle);
    const { serverAddress } = server;
    await server.serverClose();
    await assert.rejects(connect(serverAddress), { code: 'ECONNREFUSED' });
    await assert.rejects(connect(['no-such-host.invalid', 1]), { syscall: 'getaddrinfo' });
    await assert.rejects(connect(['127.0.0.1', 70_000]), RangeError);
    await assert.rejects(
      connect(serverAddress, { signal: AbortSignal.abort(new Error('no time')) }),
      /no time/,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, connect, type DatagramRequest, TCPServer, UDPServer } from '../../src/index.ts';

class Idle extends BaseRequestHandler {}
class IdleDatagrams extends BaseRequestHandler<DatagramRequest> {}

describe('the address family of a server', () => {
  it('is that of the host, and IPv4 where the host does not tell', async () => {
    for (const [host, expected] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['localhost', '127.0.0.1'],
    ] as const) {
      await using stream = new TCPServer([host, 0], Idle);
      await using datagram = new UDPServer([host, 0], IdleDatagrams);
      assert.equal(stream.serverAddress[0], expected);
      assert.equal(datagram.serverAddress[0], expected);
    }
  });

  it('can be chosen by a class attribute or an option, as in Python', async () => {
    class IPv6Server extends TCPServer {
      static override readonly addressFamily = 'AF_INET6';
    }
    await using byClass = new IPv6Server(['localhost', 0], Idle);
    await using byOption = new UDPServer(['localhost', 0], IdleDatagrams, { addressFamily: 'AF_INET6' });
    assert.equal(byClass.serverAddress[0], '::1');
    assert.equal(byOption.serverAddress[0], '::1');
    assert.throws(() => new IPv6Server(['127.0.0.1', 0], Idle), /host must be of AF_INET6/);
    assert.throws(
      // @ts-expect-error -- no such family
      () => new TCPServer(['127.0.0.1', 0], Idle, { addressFamily: 'AF_X25' }),
      /options\.addressFamily must be one of 'AF_INET', 'AF_INET6', got "AF_X25"/,
    );
  });

  it('lets a dual-stack server take IPv4 clients, unless it is told not to', async () => {
    await using dual = new TCPServer(['::', 0], Idle);
    const handled = dual.handleRequest();
    await using client = await connect(['127.0.0.1', dual.serverAddress[1]]);
    await handled;
    assert.equal(client.getpeername()[0], '127.0.0.1');
    await using ipv6Only = new TCPServer(['::', 0], Idle, { ipv6Only: true });
    await assert.rejects(connect(['127.0.0.1', ipv6Only.serverAddress[1]]), { code: 'ECONNREFUSED' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SocketAddress } from '../../src/address/socket-address.ts';
import type { DatagramPort } from '../../src/engine/contract/datagram-port.ts';
import { DatagramSocket } from '../../src/request/datagram-socket.ts';

/** A port without a network: `send` decides what comes of each datagram. */
function fakePort(address: SocketAddress, send: DatagramPort['send']): DatagramPort {
  const ignore = (): void => {};
  return {
    address,
    fd: -1,
    isReady: false,
    dropped: 0,
    notify: ignore,
    receive: () => undefined,
    send,
    close: () => Promise.resolve(),
    setBroadcast: ignore,
    addMembership: ignore,
    dropMembership: ignore,
    setMulticastTTL: ignore,
    setMulticastLoopback: ignore,
    leavePort: ignore,
    setMulticastInterface: ignore,
  };
}

const accept = (): undefined => undefined;

describe('sendto()', () => {
  it('resolves when the kernel has the datagram, not before', async () => {
    const kernel = Promise.withResolvers<void>();
    const socket = new DatagramSocket(fakePort(['127.0.0.1', 1], () => kernel.promise));
    let isSent = false;
    const sent = socket.sendto('x', ['127.0.0.1', 2]).then(() => (isSent = true));
    await new Promise(setImmediate);
    assert.equal(isSent, false);
    kernel.resolve();
    await sent;
  });

  it('refuses wrong addresses by name', async () => {
    const socket = new DatagramSocket(fakePort(['127.0.0.1', 1], accept));
    const refuses = (address: unknown, error: object) =>
      assert.rejects(socket.sendto('x', address as SocketAddress), error);
    await refuses(['example.com', 53], {
      name: 'TypeError',
      message: /numeric host and a port, got \["example\.com",53\]/,
    });
    await refuses(['127.0.0.1', 0], {
      name: 'RangeError',
      message: /port must be an integer from 1 to 65535, got 0/,
    });
    await refuses(['127.0.0.1', 65_536], { name: 'RangeError' });
    await refuses({ host: '127.0.0.1', port: 1 }, { name: 'TypeError' });
    await refuses(undefined, { name: 'TypeError' });
  });

  it('cannot answer a Unix client without a name', async () => {
    const socket = new DatagramSocket(fakePort('/run/app.sock', accept));
    await socket.sendto('x', '/run/client.sock');
    await assert.rejects(socket.sendto('x', ''), { name: 'TypeError', message: /a client without a name/ });
  });

  it('maps an IPv4 destination on an IPv6 socket', async () => {
    const destinations: SocketAddress[] = [];
    const record = (_: Uint8Array, to: SocketAddress): undefined => void destinations.push(to);
    const socket = new DatagramSocket(fakePort(['::', 1], record));
    await socket.sendto('x', ['192.0.2.1', 7]);
    await socket.sendto('x', ['2001:db8::1', 7]);
    assert.deepEqual(destinations, [
      ['::ffff:192.0.2.1', 7],
      ['2001:db8::1', 7],
    ]);
  });

  it('ends no process when it fails and nobody awaits it', async () => {
    const fail = (): never => {
      throw Object.assign(new Error('send ENETUNREACH'), { code: 'ENETUNREACH', syscall: 'send' });
    };
    const socket = new DatagramSocket(fakePort(['127.0.0.1', 1], fail));
    void socket.sendto('x', ['192.0.2.1', 7]);
    await new Promise(setImmediate); // an unhandled rejection would fail this test
  });

  it('knows the failures that mean that the peer is gone, and only its own', async () => {
    const refused = Object.assign(new Error('send ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'send' });
    const tooLong = Object.assign(new Error('send EMSGSIZE'), { code: 'EMSGSIZE', syscall: 'send' });
    const failures = [refused, tooLong];
    const socket = new DatagramSocket(fakePort('/run/app.sock', () => Promise.reject(failures.shift()!)));
    await assert.rejects(socket.sendto('x', '/run/gone.sock'));
    await assert.rejects(socket.sendto('x', '/run/gone.sock'));
    assert.equal(socket.isPeerGone(refused), true);
    assert.equal(socket.isPeerGone(tooLong), false);
    assert.equal(socket.isPeerGone(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })), false);
  });
});

describe('the signal of a DatagramSocket', () => {
  it('aborts with the reason, also for those who ask later', () => {
    const early = new DatagramSocket(fakePort(['127.0.0.1', 1], accept));
    const late = new DatagramSocket(fakePort(['127.0.0.1', 1], accept));
    const reason = new Error('enough');
    const { signal } = early;
    early.interrupt(reason);
    late.interrupt(reason);
    assert.equal(signal.reason, reason);
    assert.equal(late.signal.reason, reason);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InheritedSocket } from '../../src/address/inherited-socket.ts';
import type { InetAddress } from '../../src/address/socket-address.ts';
import type { RequestSource } from '../../src/engine/contract/request-source.ts';
import { ServerSocket } from '../../src/server/server-socket.ts';

const requested: InetAddress = ['127.0.0.1', 0];
const source: RequestSource = {
  address: ['127.0.0.1', 4711],
  fd: 17,
  isReady: false,
  notify() {},
  close: () => Promise.resolve(),
};

function bound(): ServerSocket<InetAddress, RequestSource> {
  const socket = new ServerSocket<InetAddress, RequestSource>(requested);
  socket.bind(() => source);
  return socket;
}

describe('the socket of a server', () => {
  it('has the address that was asked for, and the real one once it is bound', () => {
    const socket = new ServerSocket<InetAddress, RequestSource>(requested);
    assert.equal(socket.address, requested);
    assert.equal(socket.fd, -1);
    socket.bind((given) => {
      assert.equal(given, requested);
      return source;
    });
    assert.equal(socket.address, source.address);
    assert.equal(socket.fd, 17);
  });

  it('has neither host nor port before a descriptor is taken over', () => {
    const inherited = new InheritedSocket<InetAddress>({ fd: 3 }, 'TCP');
    const socket = new ServerSocket<InetAddress, RequestSource>(inherited);
    assert.deepEqual(socket.address, ['', 0]);
    assert.equal(socket.inherited, inherited);
  });

  it('can be used from when it is bound until it is closed', () => {
    const unbound = new ServerSocket<InetAddress, RequestSource>(requested);
    assert.throws(() => unbound.opened, { code: 'SERVER_CLOSED' });
    const socket = bound();
    assert.equal(socket.opened, source);
    socket.close();
    assert.throws(() => socket.opened, { code: 'SERVER_CLOSED' });
    assert.equal(socket.isOpen, false);
    assert.equal(socket.fd, -1);
  });

  it('keeps its address, and what was bound, when it is closed', () => {
    const socket = bound();
    socket.close();
    assert.equal(socket.address, source.address);
    assert.equal(socket.source, source);
  });

  it('is bound once, and not after it was closed', () => {
    const socket = bound();
    assert.throws(() => socket.bind(() => source), TypeError);
    const closed = new ServerSocket<InetAddress, RequestSource>(requested);
    closed.close();
    assert.throws(() => closed.bind(() => source), { code: 'SERVER_CLOSED' });
  });

  it('stays unbound where binding fails', () => {
    const socket = new ServerSocket<InetAddress, RequestSource>(requested);
    const refused = new Error('in use');
    const failing = (): never => {
      throw refused;
    };
    assert.throws(() => socket.bind(failing), refused);
    assert.equal(socket.isOpen, false);
    socket.bind(() => source);
    assert.equal(socket.isOpen, true);
  });
});

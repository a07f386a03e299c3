import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatagramBindOptions } from '../../src/engine/contract/datagram-port.ts';
import { NodeDatagramPort } from '../../src/engine/node/node-datagram-port.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { until } from '../support/until.ts';

const loopback = ['127.0.0.1', 0] as const;
const options: DatagramBindOptions = {
  reuseAddress: false,
  reusePort: false,
  ipv6Only: false,
  maxPacketSize: 8_192,
  maxPending: 1_024,
  whenFull: 'drop-newest',
};

interface Handle {
  send: (this: unknown, request: { oncomplete?: (error: number) => void }, ...rest: unknown[]) => number;
}

/** Opens a port whose kernel is played by `send`, if given; gives the `dgram.Socket` under it too. */
function openPort(
  send?: (this: void, original: () => number, request: Parameters<Handle['send']>[0]) => number,
) {
  let socket: Socket | undefined;
  const onSocket = (message: unknown): void => {
    ({ socket } = message as { socket: Socket });
    if (send === undefined) return;
    const symbol = Object.getOwnPropertySymbols(socket).find(
      ({ description }) => description === 'state symbol',
    )!;
    const { handle } = (socket as unknown as Record<symbol, { handle: Handle }>)[symbol]!;
    const real = handle.send;
    handle.send = (request, ...rest) => send(() => real.call(handle, request, ...rest), request);
  };
  subscribe('udp.socket', onSocket);
  const port = NodeDatagramPort.bind(loopback, options);
  unsubscribe('udp.socket', onSocket);
  return { port, socket: socket! };
}

/** The errno of a system error, as libuv gives it. */
const [emsgsize, econnrefused, enobufs] = [-90, -111, -105];

describe('a datagram port of the node engine', () => {
  it('shows its descriptor until it is closed', async () => {
    const { port } = openPort();
    assert.ok(port.fd > 2);
    await port.close();
    assert.equal(port.fd, -1);
  });

  it('sends as documented where the socket does not come to its handle at once', async () => {
    await using client = new DatagramClient();
    const { port, socket } = openPort();
    const send = socket.send.bind(socket) as (...args: readonly unknown[]) => void;
    Object.assign(socket, {
      send: (...args: readonly unknown[]) => setImmediate(() => send(...args)),
    });
    await port.send(Buffer.from('first'), client.address);
    assert.equal((await client.next())[0].toString(), 'first');
    await port.send(Buffer.from('second'), client.address);
    assert.equal((await client.next())[0].toString(), 'second');
    await port.close();
  });

  it('refuses port 0 again and again', async () => {
    await using client = new DatagramClient();
    const { port } = openPort();
    for (let count = 0; count < 2; count += 1) {
      assert.throws(() => port.send(Buffer.from('?'), ['127.0.0.1', 0]), { code: 'ERR_SOCKET_BAD_PORT' });
      await port.send(Buffer.from('shows the record'), client.address);
    }
    await port.close();
  });

  it('gives a small datagram to the kernel at once, with no promise', async () => {
    await using client = new DatagramClient();
    const { port } = openPort();
    assert.equal(port.send(Buffer.from('hello'), client.address), undefined);
    assert.equal((await client.next())[0].toString(), 'hello');
    await port.close();
  });

  it('throws the error of the kernel from the send that caused it', async () => {
    const { port } = openPort();
    assert.throws(() => port.send(Buffer.alloc(65_508), ['127.0.0.1', 9]), {
      message: 'send EMSGSIZE 127.0.0.1:9',
      code: 'EMSGSIZE',
      errno: emsgsize,
      syscall: 'send',
      address: '127.0.0.1',
      port: 9,
    });
    await port.close();
  });

  it('holds the bytes until the kernel has room, and says when', async () => {
    const requests: { oncomplete?: (error: number) => void }[] = [];
    const { port } = openPort((_original, request) => {
      requests.push(request);
      return 0;
    });
    const first = port.send(Buffer.from('x'), ['127.0.0.1', 9]);
    const second = port.send(Buffer.from('x'), ['127.0.0.1', 9]);
    requests[0]!.oncomplete!(0);
    requests[1]!.oncomplete!(enobufs);
    await first;
    await assert.rejects(second!, { code: 'ENOBUFS' });
    await port.close();
  });

  it('goes on with a fresh record after one that had to wait', async () => {
    await using client = new DatagramClient();
    const requests: object[] = [];
    const { port } = openPort((original, request) => {
      requests.push(request);
      return requests.length === 2 ? 0 : original();
    });
    assert.equal(port.send(Buffer.from('one'), client.address), undefined);
    const waiting = port.send(Buffer.from('two'), client.address);
    assert.equal(port.send(Buffer.from('three'), client.address), undefined);
    assert.notEqual(requests[1], requests[2]);
    assert.equal((await client.next())[0].toString(), 'one');
    assert.equal((await client.next())[0].toString(), 'three');
    (requests[1] as { oncomplete: (error: number) => void }).oncomplete(0);
    await waiting;
    await port.close();
  });

  it('refuses what is no datagram, or no address, as Node does', async () => {
    await using client = new DatagramClient();
    const { port } = openPort();
    assert.equal(port.send(Buffer.from('hello'), client.address), undefined);
    assert.throws(() => port.send(42 as unknown as Buffer, client.address), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => port.send(Buffer.from('hello'), ['127.0.0.1', 70_000]), {
      code: 'ERR_SOCKET_BAD_PORT',
    });
    await port.close();
  });

  it('sends again when the kernel reports an earlier datagram in its stead', async () => {
    await using client = new DatagramClient();
    let calls = 0;
    const { port } = openPort((original) => {
      calls += 1;
      return calls === 1 ? econnrefused : original();
    });
    assert.equal(port.send(Buffer.from('hello'), client.address), undefined);
    assert.equal((await client.next())[0].toString(), 'hello');
    assert.equal(calls, 2);
    await port.close();
  });

  it('does not take "port unreachable" about an earlier reply for an error of its own', async () => {
    const { port, socket } = openPort();
    socket.emit(
      'error',
      Object.assign(new Error('recvmsg ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'recvmsg' }),
    );
    assert.equal(port.isReady, false);
    socket.emit('error', Object.assign(new Error('recvmsg ENOMEM'), { code: 'ENOMEM', syscall: 'recvmsg' }));
    assert.equal(port.isReady, true);
    assert.throws(() => port.receive(), { code: 'ENOMEM' });
    assert.equal(port.receive(), undefined);
    await port.close();
  });

  it('works by callbacks where Node hides what it builds on', async () => {
    await using client = new DatagramClient();
    const hidden = mock.method(Object, 'getOwnPropertySymbols', () => []);
    const port = NodeDatagramPort.bind(loopback, options);
    assert.equal(port.fd, -1);
    hidden.mock.restore();
    await port.send(Buffer.from('hello'), client.address);
    assert.equal((await client.next())[0].toString(), 'hello');
    await assert.rejects(port.send(Buffer.alloc(65_508), client.address)!, { code: 'EMSGSIZE' });
    await port.close();
  });

  it('wakes who waits for a datagram once, and not from within notify()', async () => {
    await using client = new DatagramClient();
    const { port } = openPort();
    let wakes = 0;
    const woken = new Promise<void>((resolve) => {
      port.notify(() => {
        wakes += 1;
        resolve();
      });
    });
    await client.send('one', port.address);
    await client.send('two', port.address);
    await woken;
    assert.equal(wakes, 1);
    let isInside = true;
    const again = new Promise<boolean>((resolve) => port.notify(() => resolve(isInside)));
    isInside = false;
    assert.equal(await again, false);
    assert.equal(port.receive()?.bytes.toString(), 'one');
    await port.close();
    assert.equal(port.isReady, false);
  });

  it('does not wake who has given up since', async () => {
    await using client = new DatagramClient();
    const { port } = openPort();
    let wakes = 0;
    port.notify(() => (wakes += 1));
    await client.send('one', port.address);
    await until(() => port.isReady);
    port.notify(undefined);
    for (let turns = 0; turns < 3; turns += 1) await nextTurn();
    assert.equal(wakes, 0);
    await port.close();
  });
});

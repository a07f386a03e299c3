import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { canMove, takeHandle } from '../../src/engine/node/stream-handle.ts';

const moves: ((handle: unknown) => unknown)[] = [
  (handle) => [handle],
  (handle) => [handle, new MessageChannel().port1],
  () => [{}],
  () => undefined,
  () => {
    throw new Error('A socket of another kind is wanted');
  },
];

async function handles(count: number) {
  await using server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = [];
  for (let i = 0; i < count; i += 1) {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    client.destroy();
    taken.push(takeHandle(socket)!);
  }
  return taken;
}

describe('moving a handle by itself', () => {
  it('is done where a socket moves its handle and nothing else', async (t) => {
    const symbol = Object.getOwnPropertySymbols(Socket.prototype).find(
      ({ description }) => description === 'messaging_transfer_list_symbol',
    )!;
    const prototype = Socket.prototype as unknown as Record<symbol, (this: { _handle: unknown }) => unknown>;
    const verdicts: boolean[] = [];
    for (const handle of await handles(moves.length + 1)) {
      const move = moves[verdicts.length - 1];
      // Each is of a kind of its own: what a kind can is found out once.
      const asked = Object.setPrototypeOf(
        handle,
        Object.create(Object.getPrototypeOf(handle)),
      ) as typeof handle;
      const mock =
        move === undefined
          ? undefined
          : t.mock.method(prototype, symbol, function (this: { _handle: unknown }) {
              return move(this._handle);
            });
      verdicts.push(canMove(asked));
      mock?.mock.restore();
      asked.close();
    }
    assert.deepEqual(verdicts, [true, true, false, false, false, false]);
  });
});

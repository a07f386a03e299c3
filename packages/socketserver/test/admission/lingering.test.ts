import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BaseRequestHandler, connect, TCPServer } from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { serving } from '../support/serving.ts';
import { someTurns } from '../support/turns.ts';

class Brief extends BaseRequestHandler {
  override async handle() {
    await this.request.sendall('done');
  }
}

it('maxConnections counts a connection that is closed and listens for its peer to end', async () => {
  const clock = new VirtualClock();
  const engine = createMemoryEngine({ clock });
  const limits = { maxConnections: 1, maxConnectionsPerAddress: 1 };
  const server = new TCPServer(['127.0.0.1', 1], Brief, { engine, limits });
  await using _ = serving(server);
  await using first = await connect(server.serverAddress, { engine });
  assert.equal((await first.recv(16)).toString(), 'done');
  await using second = await connect(server.serverAddress, { engine });
  await someTurns();
  assert.deepEqual([server.stats().served, server.stats().accepted], [1, 1]);
  await clock.advance(1_999);
  assert.equal(server.stats().accepted, 1);
  await clock.advance(1);
  assert.equal((await second.recv(16)).toString(), 'done');
  second.close();
  first.close();
});

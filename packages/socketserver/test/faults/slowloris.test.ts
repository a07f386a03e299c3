import assert from 'node:assert/strict';
import process from 'node:process';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ConcurrentTCPServer,
  connect,
  type EngineChoice,
  RequestTimeoutError,
  type StreamSocket,
} from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { EchoesLines } from '../deadlines/handlers/deadline-handlers.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { workerEngines } from '../support/worker-engines.ts';

/** Seconds after which all must have been cut off: two windows of the measurement, and what a busy machine takes. */
const patience = 60;

/** Has `count` clients drip a byte every other second of a line that never ends, and one that behaves talk beside them. */
async function attack(
  engine: EngineChoice,
  count: number,
  passSecond: () => Promise<unknown>,
): Promise<void> {
  const server = new ConcurrentTCPServer(['127.0.0.1', 0], EchoesLines, {
    engine,
    limits: { minBytesPerSecond: 32 },
    timeouts: { drainMs: Infinity },
  });
  const errors = new ErrorCollector();
  server.handleError = errors.handleError;
  const loop = server.serveForever();
  await using good = await LineClient.to(server, engine);
  const dripping = new Set<StreamSocket>();
  for (let index = 0; index < count; index += 1) {
    dripping.add(await connect(server.serverAddress, { engine }));
    if (index % 100 === 0) assert.equal(await good.ask('hello'), 'hello');
  }
  for (let second = 0; server.stats().failed < count; second += 1) {
    assert.ok(second < patience, `${server.stats().active} are still there`);
    if (second % 2 === 0) {
      for (const socket of dripping) socket.sendall('x').catch(() => dripping.delete(socket));
    }
    await passSecond();
    assert.equal(await good.ask(`second ${second}`), `second ${second}`);
  }
  assert.equal(errors.all.length, count);
  assert.ok(errors.all.every(({ error }) => error instanceof RequestTimeoutError && error.phase === 'rate'));
  assert.deepEqual([server.stats().active, server.stats().refused], [1, 0]);
  for (const socket of dripping) socket.reset();
  good.socket.close();
  await server.serverClose();
  await loop;
  assert.equal(server.stats().served, 1);
}

it('clients that drip are cut off by minBytesPerSecond, and one that behaves sees no difference', async () => {
  const clock = new VirtualClock();
  await attack(createMemoryEngine({ clock }), 500, () => clock.advance(1_000));
});

const count = Number(process.env['SLOWLORIS'] ?? 0);
for (const [engineName, engine] of workerEngines) {
  it(
    `the same over real connections: SLOWLORIS=5000, ${engineName}`,
    { skip: count === 0 && 'needs SLOWLORIS' },
    () => attack(engine, count, () => pause(1_000)),
  );
}

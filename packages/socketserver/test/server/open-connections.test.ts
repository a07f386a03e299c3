import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { type OpenConnection, OpenConnections } from '../../src/server/open-connections.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

class Opened implements OpenConnection {
  /** What one weighs. */
  static readonly bytes = 8_000;
  readonly weight = Array.from({ length: Opened.bytes / 8 }, () => 0);
  place = -1;
  interrupt(): void {}
  reset(): void {}
}

/** Opens and closes a hundred, of which 16 are open at a time. */
function pass(connections: OpenConnections): void {
  const open: Opened[] = [];
  for (let i = 0; i < 100; i += 1) {
    const connection = new Opened();
    connections.add(connection);
    open.push(connection);
    if (open.length > 16) connections.delete(open.shift()!);
  }
  for (const connection of open) connections.delete(connection);
}

describe('connections that are open', () => {
  it('are there once, however often they were added', () => {
    const connections = new OpenConnections();
    const connection = new Opened();
    connections.add(connection);
    connections.add(connection);
    assert.equal(connections.size, 1);
    connections.delete(connection);
    assert.equal(connections.size, 0);
  });

  it('are those that were opened and not closed, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (numbers) => {
        const all = Array.from({ length: 21 }, () => new Opened());
        const connections = new OpenConnections();
        const expected = new Set<Opened>();
        for (const number of numbers) {
          const connection = all[number]!;
          if (expected.delete(connection)) {
            connections.delete(connection);
          } else {
            connections.add(connection);
            expected.add(connection);
          }
        }
        assert.equal(connections.size, expected.size);
        assert.deepEqual(new Set(connections), expected);
      }),
    );
  });

  it('are closed once', () => {
    const connections = new OpenConnections();
    const [first, second] = [new Opened(), new Opened()];
    connections.add(first);
    connections.add(second);
    connections.delete(first);
    connections.delete(first);
    assert.deepEqual([...connections], [second]);
  });

  it('are looked at without those that were closed meanwhile, and without new ones', () => {
    const connections = new OpenConnections();
    const all = [new Opened(), new Opened(), new Opened()];
    for (const connection of all) connections.add(connection);
    const seen: OpenConnection[] = [];
    for (const connection of connections) {
      seen.push(connection);
      connections.delete(all[1]!);
      connections.delete(connection);
      if (seen.length < 3) connections.add(new Opened());
    }
    assert.deepEqual(seen, [all[0], all[2]]);
  });

  it('leave no garbage that only a full collection finds', () => {
    const connections = new OpenConnections();
    pass(connections);
    collect(); // what is there now is old
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 50; i += 1) {
      pass(connections);
      collect({ type: 'minor' });
    }
    const grownBytes = process.memoryUsage().heapUsed - before;
    assert.ok(grownBytes < 50 * 100 * Opened.bytes * 0.05, `${grownBytes} bytes are still there`);
  });
});

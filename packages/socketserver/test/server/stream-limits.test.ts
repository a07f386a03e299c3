import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, type StreamLimitOptions, TCPServer } from '../../src/index.ts';

const address = ['127.0.0.1', 0] as const;

class Silent extends BaseRequestHandler {}

const construct = (limits: unknown) =>
  new TCPServer(address, Silent, { limits: limits as StreamLimitOptions });

describe('server.limits of a stream server', () => {
  it('has every default', async () => {
    await using server = construct(undefined);
    const { maxConnections, maxConnectionsPerAddress, maxPending, acceptRate, minBytesPerSecond, onLimit } =
      server.limits;
    assert.deepEqual(
      [maxConnections, maxConnectionsPerAddress, maxPending, acceptRate, minBytesPerSecond, onLimit],
      [Infinity, Infinity, 1_024, Infinity, 0, 'wait'],
    );
  });

  it('shows what was given, and what was set since', async () => {
    await using server = construct({ maxConnections: 10, acceptRate: 0.5, onLimit: 'refuse' });
    assert.deepEqual([server.limits.maxConnections, server.limits.acceptRate], [10, 0.5]);
    server.limits.maxConnections = Infinity;
    server.limits.onLimit = 'wait';
    assert.deepEqual([server.limits.maxConnections, server.limits.onLimit], [Infinity, 'wait']);
  });

  for (const [name, value, rule] of [
    ['maxConnections', 0, 'an integer from 1 to Infinity'],
    ['maxConnectionsPerAddress', 1.5, 'an integer from 1 to Infinity'],
    ['maxPending', -1, 'an integer from 1 to Infinity'],
    ['acceptRate', 0, 'a number above 0, Infinity for no limit'],
    ['minBytesPerSecond', Infinity, 'a finite number from 0 on'],
    ['minBytesPerSecond', NaN, 'a finite number from 0 on'],
    ['onLimit', 'drop', "one of 'wait', 'refuse'"],
  ] as const) {
    it(`refuses ${String(value)} for ${name}, at construction and when it is set`, async () => {
      const got = typeof value === 'string' ? `"${value}"` : String(value);
      assert.throws(() => construct({ [name]: value }), {
        name: 'TypeError',
        message: `Cannot construct TCPServer: options.limits.${name} must be ${rule}, got ${got}`,
      });
      await using server = construct({});
      const before = server.limits[name];
      assert.throws(() => Object.assign(server.limits, { [name]: value }), {
        name: 'TypeError',
        message: `Cannot change a limit: server.limits.${name} must be ${rule}, got ${got}`,
      });
      assert.equal(server.limits[name], before);
    });
  }

  it('refuses an unknown limit, and undefined when it is set', async () => {
    assert.throws(
      () => construct({ maxHandshakes: 1 }),
      /options\.limits must have only the keys maxConnections/,
    );
    await using server = construct({});
    assert.throws(() => Object.assign(server.limits, { maxPending: undefined }), /got undefined/);
    assert.throws(() => construct(5), /options\.limits must be an object, got 5/);
  });
});

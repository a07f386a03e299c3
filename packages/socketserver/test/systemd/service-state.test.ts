import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NotifySocket } from '../../src/systemd/notify-socket.ts';
import { type ServiceMember, ServiceState } from '../../src/systemd/service-state.ts';

const counts = { active: 1, served: 2, failed: 3 };

function member(port: number): ServiceMember {
  return { serverAddress: ['127.0.0.1', port], stats: () => counts };
}

/** A service, and the messages that it sent since the last look. */
function service(watchdogMs?: number): { state: ServiceState; sent: () => string[] } {
  let messages: string[] = [];
  const socket = new NotifySocket('/run/n', (_path, text) => messages.push(text));
  return {
    state: new ServiceState({ socket: '/run/n', watchdogMs }, socket),
    sent: () => {
      const seen = messages;
      messages = [];
      return seen.map((text) => text.replace(/MONOTONIC_USEC=\d+/, 'MONOTONIC_USEC=…'));
    },
  };
}

const ready = 'READY=1\nSTATUS=Serving on 127.0.0.1:1; 1 running, 2 served, 3 failed';
const [one, two] = [member(1), member(2)];

describe('a service of one server', () => {
  it('is ready when that serves, and stopping when that closes, once each', () => {
    const { state, sent } = service();
    state.bound(one);
    assert.deepEqual(sent(), []);
    state.serving(one);
    state.serving(one); // again, after a shutdown()
    assert.deepEqual(sent(), [ready]);
    state.leaving(one);
    state.closed(one);
    assert.deepEqual(sent(), ['STOPPING=1\nSTATUS=Draining; 1 running, 2 served, 3 failed']);
  });

  it('says nothing where the server never serves', () => {
    const { state, sent } = service();
    state.bound(one);
    state.leaving(one);
    state.closed(one);
    assert.deepEqual(sent(), []);
  });

  it('reloads when that does, and is ready again also when that failed', async () => {
    const { state, sent } = service();
    state.bound(one);
    await state.reloading(() => Promise.resolve()); // nobody waits for it yet
    assert.deepEqual(sent(), []);
    state.serving(one);
    sent();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const both = [state.reloading(() => first.promise), state.reloading(() => second.promise)];
    assert.deepEqual(sent(), ['RELOADING=1\nMONOTONIC_USEC=…\nSTATUS=Reloading']);
    first.resolve();
    await both[0];
    assert.deepEqual(sent(), [], 'the other one goes on');
    second.reject(new RangeError('no such code'));
    await assert.rejects(both[1]!, RangeError);
    assert.deepEqual(sent(), [ready]);
  });

  it('is not ready again after a reload that was overtaken by its end', async () => {
    const { state, sent } = service();
    state.bound(one);
    state.serving(one);
    const reload = Promise.withResolvers<void>();
    const reloaded = state.reloading(() => reload.promise);
    state.leaving(one);
    sent();
    reload.resolve();
    await reloaded;
    assert.deepEqual(sent(), []);
  });

  it('gives the watchdog a sign of life at half its time, until it is closed', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const { state, sent } = service(100);
    state.bound(one);
    context.mock.timers.tick(500);
    assert.deepEqual(sent(), [], 'systemd begins to count when it is ready');
    state.serving(one);
    sent();
    context.mock.timers.tick(49);
    assert.deepEqual(sent(), []);
    context.mock.timers.tick(1);
    assert.deepEqual(sent(), [ready.replace('READY', 'WATCHDOG')]);
    state.leaving(one);
    sent();
    context.mock.timers.tick(50);
    assert.deepEqual(sent(), ['WATCHDOG=1\nSTATUS=Draining; 1 running, 2 served, 3 failed']);
    state.closed(one);
    context.mock.timers.tick(500);
    assert.deepEqual(sent(), []);
  });
});

describe('a service of two servers', () => {
  const both = 'STATUS=Serving on 127.0.0.1:1, 127.0.0.1:2; 2 running, 4 served, 6 failed';

  it('is ready when both serve, and stopping when both close', () => {
    const { state, sent } = service();
    state.bound(one);
    state.bound(two);
    state.serving(two);
    assert.deepEqual(sent(), []);
    state.serving(one);
    assert.deepEqual(sent(), [`READY=1\n${both}`]);
    state.leaving(one);
    state.closed(one);
    assert.deepEqual(sent(), []);
    state.leaving(two);
    assert.deepEqual(sent(), ['STOPPING=1\nSTATUS=Draining; 1 running, 2 served, 3 failed']);
  });

  it('is ready without one that closes before it ever serves', () => {
    for (const give of ['leaving', 'closed'] as const) {
      const { state, sent } = service();
      state.bound(one);
      state.bound(two);
      state.serving(one);
      state[give](two);
      assert.equal(sent().length, 1);
    }
  });

  it('stays ready when a further one comes later', () => {
    const { state, sent } = service();
    state.bound(one);
    state.serving(one);
    sent();
    state.bound(two);
    state.serving(two);
    assert.deepEqual(sent(), []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, StreamRequestHandler, ConcurrentTCPServer } from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { serving } from '../support/serving.ts';

describe('VirtualClock', () => {
  it('calls what is due in order of time, each at its own time, and nothing else', async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(`${name} at ${clock.now()}`);
    clock.setTimeout(note('third'), 20);
    clock.setTimeout(note('first'), 10);
    clock.setTimeout(note('second'), 10);
    clock.setTimeout(note('late'), 21);
    clock.clearTimeout(clock.setTimeout(note('never'), 5));
    await clock.advance(20);
    assert.deepEqual(calls, ['first at 10', 'second at 10', 'third at 20']);
    assert.equal(clock.now(), 20);
    assert.equal(clock.pending, 1);
  });

  it('calls what a callback sets, when that is due too', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const tick = (): void => {
      calls += 1;
      clock.setTimeout(tick, 10);
    };
    tick();
    await clock.advance(100);
    assert.equal(calls, 11);
  });

  it('passes on what a callback throws', async () => {
    const clock = new VirtualClock();
    clock.setTimeout(() => assert.fail('as planned'), 10);
    await assert.rejects(clock.advance(10), /as planned/);
  });

  for (const ms of [-1, Infinity, NaN]) {
    it(`refuses to advance by ${ms}`, async () => {
      await assert.rejects(new VirtualClock().advance(ms), {
        name: 'RangeError',
        message: `Cannot advance: ms must be a finite number from 0, got ${ms}`,
      });
    });
  }

  it('lets bytes arrive before time passes, and deadlines run by it', async () => {
    const clock = new VirtualClock();
    const engine = createMemoryEngine({ clock, chunkBytes: 1 });
    const errors = new ErrorCollector();
    const lines: string[] = [];
    class Patient extends StreamRequestHandler {
      static override readonly timeout = 5;
      override async handle() {
        for await (const line of this.rfile) lines.push(line.toString());
      }
    }
    await using server = new ConcurrentTCPServer(['127.0.0.1', 0], Patient, { engine });
    server.handleError = errors.handleError;
    await using _ = serving(server);
    await using client = await connect(server.serverAddress, { engine });
    await client.sendall('one\n');
    await clock.advance(4_999);
    assert.deepEqual(lines, ['one\n']);
    await client.sendall('two\n');
    await clock.advance(4_999);
    assert.deepEqual(lines, ['one\n', 'two\n']);
    assert.deepEqual(errors.all, []);
    await clock.advance(1);
    assert.equal((await errors.next()).error.code, 'SOCKET_TIMEOUT');
  });
});

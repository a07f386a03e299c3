import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { reviveError, transferError } from '../../src/workers/error-transfer.ts';

/** What a server's `handleError` gets of what was thrown in a process: `v8.serialize()` is what takes it there. */
function overProcess(thrown: unknown): Error & Record<string, unknown> {
  return reviveError(deserialize(serialize(transferError(thrown))) as never) as never;
}

/** The same of what was thrown in a thread, which a port brings. */
function overThread(thrown: unknown): Error & Record<string, unknown> {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(transferError(thrown));
    return reviveError(receiveMessageOnPort(port2)!.message) as never;
  } finally {
    port1.close();
  }
}

/** A getter, say, that has something to do with the connection which is closed by now. */
const throwing = {
  enumerable: true,
  get: (): never => {
    throw new Error('closed');
  },
};

describe('what a handler throws', () => {
  it('keeps name, message, code, stack and cause', () => {
    const cause = new RangeError('too much');
    const thrown = Object.assign(new TypeError('no', { cause }), { code: 'ENO', at: [1, 2] });
    const { name, message, code, stack, at } = overProcess(thrown);
    assert.deepEqual([name, message, code, stack, at], ['TypeError', 'no', 'ENO', thrown.stack, [1, 2]]);
    assert.ok(overProcess(thrown) instanceof TypeError);
    assert.deepEqual(overProcess(thrown).cause, cause);
  });

  it('may have fields that cannot be read, or cannot go along: the others do', () => {
    const thrown = Object.defineProperties(Object.assign(new Error('half'), { code: 'EHALF' }), {
      peer: throwing,
      name: throwing,
    });
    Object.assign(thrown, { retry() {}, memory: new SharedArrayBuffer(8) });
    Object.assign(thrown, { url: new URL('http://localhost/'), body: new ReadableStream() });
    for (const revived of [overProcess(thrown), overThread(thrown)]) {
      assert.deepEqual([revived.name, revived.message], ['Error', 'half']);
      assert.deepEqual(Object.keys(revived), ['code', 'peer']);
      assert.deepEqual([revived['code'], revived['peer']], ['EHALF', undefined]);
    }
  });

  it('may have a message and a stack that are no text', () => {
    const thrown = Object.assign(new Error(), { message: () => 'late', stack: { retry() {} } });
    const { message, stack } = overProcess(thrown);
    assert.deepEqual([message, stack], [`() => 'late'`, undefined]);
  });

  it('may be no error at all', () => {
    assert.equal(overProcess('text'), 'text');
    assert.equal(overProcess(null), null);
    assert.deepEqual(overProcess({ code: 1 }), { code: 1 });
    assert.equal(overProcess(Symbol('mark')), 'Symbol(mark)');
    const silent = { retry() {}, toString: throwing.get };
    assert.equal(overProcess(silent), 'something that has no text');
  });

  it('is an error where it was undefined, which would say that all went well', () => {
    assert.equal(overProcess(undefined).message, 'undefined was thrown');
  });

  it('may be a Proxy that lets nobody look', () => {
    const closed = new Proxy(new Error('hidden'), { getPrototypeOf: throwing.get });
    assert.match(overProcess(closed).message, /cannot be read/);
  });

  it('may be its own cause', () => {
    const thrown = new Error('round');
    thrown.cause = thrown;
    let depth = 0;
    for (let error: unknown = overProcess(thrown); error instanceof Error; error = error.cause) depth += 1;
    assert.equal(depth, 9);
  });

  it('may name itself many times among its errors', () => {
    const thrown = new AggregateError([], 'all');
    for (let count = 0; count < 1_000; count += 1) thrown.errors.push(thrown);
    const { errors } = overProcess(thrown) as unknown as AggregateError;
    assert.ok(errors.length > 0 && errors.length < 100);
  });
});

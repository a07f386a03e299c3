import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestWatch } from '../../src/deadlines/request-watch.ts';
import type { Pace, TimedRequest } from '../../src/deadlines/timed-request.ts';
import { resolveTimeouts, type TimeoutOptions } from '../../src/options/timeout-options.ts';

/** A request whose pace a test sets. */
class FakeRequest implements TimedRequest {
  watchPlace = -1;
  pace: { -readonly [Key in keyof Pace]: Pace[Key] } | undefined = {
    bytesRead: 0,
    bytesWritten: 0,
    bytesTaken: 0,
    takenBy: 'peer',
    awaits: 'nothing',
    isSending: false,
  };
  isOver = false;
  readonly news: unknown[] = [];

  interrupt({ message }: Error): void {
    this.news.push(`told: ${message}`);
  }

  reset(reason: Error & { readonly phase?: string; readonly ms?: number }): void {
    this.news.push([reason.phase, reason.ms]);
  }
}

/** Looks at a request in steps of 100 ms, from when it began. */
class Looker {
  readonly request = new FakeRequest();
  readonly watch: RequestWatch;
  readonly #timeouts: TimeoutOptions;
  minBytesPerSecond: number;
  now = 1_000;

  constructor(timeouts: TimeoutOptions, minBytesPerSecond = 0) {
    this.#timeouts = timeouts;
    this.minBytesPerSecond = minBytesPerSecond;
    this.watch = new RequestWatch(this.request, this.now);
  }

  get pace(): NonNullable<FakeRequest['pace']> {
    return this.request.pace!;
  }

  /** Looks for so many milliseconds. @returns what the request was told by now. */
  look(ms: number, { isLate = false } = {}): unknown[] {
    for (const until = this.now + ms; this.now < until;) {
      this.now += 100;
      this.watch.look({
        now: this.now,
        isLate,
        timeouts: resolveTimeouts(this.#timeouts, 'Cannot look'),
        minBytesPerSecond: this.minBytesPerSecond,
      });
    }
    return this.request.news;
  }
}

describe('the deadline of the first byte', () => {
  it('ends a request whose client sends nothing while the handler waits for it', () => {
    for (const awaits of ['bytes', 'message'] as const) {
      const looker = new Looker({ firstByteMs: 500 });
      looker.pace.awaits = awaits;
      assert.deepEqual(looker.look(400), []);
      assert.deepEqual(looker.look(100), [['first-byte', 500]]);
    }
  });

  it('is kept by one byte, however long the next one takes', () => {
    const looker = new Looker({ firstByteMs: 500 });
    Object.assign(looker.pace, { awaits: 'bytes', bytesRead: 1 });
    assert.deepEqual(looker.look(5_000), []);
  });

  it('is not kept by what the server sends', () => {
    const looker = new Looker({ firstByteMs: 500 });
    looker.pace.awaits = 'bytes';
    looker.look(400);
    looker.pace.bytesWritten = 10;
    assert.deepEqual(looker.look(100), [['first-byte', 500]]);
  });

  it('begins when the handler asks for bytes', () => {
    const looker = new Looker({ firstByteMs: 500 });
    looker.request.pace = undefined; // untouched
    looker.look(2_000);
    looker.request.pace = new FakeRequest().pace; // busy with something else
    looker.look(2_000);
    looker.pace.awaits = 'end';
    looker.look(2_000);
    looker.pace.awaits = 'message';
    assert.deepEqual(looker.look(400), []);
    assert.deepEqual(looker.look(100), [['first-byte', 500]]);
  });
});

describe('the deadline of an idle connection', () => {
  it('runs from the last byte in either direction', () => {
    for (const move of ['bytesRead', 'bytesWritten'] as const) {
      const looker = new Looker({ idleMs: 500 });
      looker.pace.awaits = 'message';
      for (let round = 0; round < 5; round += 1) {
        looker.pace[move] += 1;
        assert.deepEqual(looker.look(400), []);
      }
      assert.deepEqual(looker.look(200), [['idle', 500]]);
    }
  });

  it('is kept by a peer that takes what is being sent, and ends one that does not', () => {
    const looker = new Looker({ idleMs: 500 });
    Object.assign(looker.pace, { isSending: true, bytesWritten: 1_000_000 });
    for (let round = 0; round < 5; round += 1) {
      looker.pace.bytesTaken += 100;
      assert.deepEqual(looker.look(400), []);
    }
    assert.deepEqual(looker.look(200), [['idle', 500]]);
  });

  it('stands while the handler does something else', () => {
    const looker = new Looker({ idleMs: 500 });
    looker.look(5_000);
    looker.pace.awaits = 'end';
    assert.deepEqual(looker.look(400), []);
    assert.deepEqual(looker.look(100), [['idle', 500]]);
  });
});

describe('the deadline of a request', () => {
  it('ends it whatever it does, also when its connection is closed or was never touched', () => {
    for (const pace of [undefined, { ...new FakeRequest().pace!, bytesRead: 5 }]) {
      const looker = new Looker({ requestMs: 500 });
      looker.request.pace = pace;
      looker.request.isOver = pace === undefined;
      looker.watch.abandoned.catch(() => undefined); // a handler runs
      assert.deepEqual(looker.look(400), []);
      assert.deepEqual(looker.look(100), [['request', 500]]);
    }
  });

  it('gives the handler up one look after that, and needs no further look', async () => {
    const looker = new Looker({ requestMs: 500 });
    let isAbandoned = false;
    const abandoned = looker.watch.abandoned.catch((error: unknown) => {
      isAbandoned = true;
      return error;
    });
    looker.look(500);
    await Promise.resolve();
    assert.equal(isAbandoned, false);
    looker.look(100);
    assert.equal(await abandoned, looker.watch.failure);
    assert.deepEqual(looker.request.news, [['request', 500]], 'told once');
  });

  it('is nobody’s where no handler runs any more', () => {
    const looker = new Looker({ requestMs: 500 });
    looker.request.isOver = true;
    assert.deepEqual(looker.look(5_000), []);
  });
});

describe('the lifetime of a connection', () => {
  it('ends in words first, and after drainMs by force', () => {
    const looker = new Looker({ maxLifetimeMs: 10_000, drainMs: 1_000 });
    assert.deepEqual(looker.look(8_900), []);
    while (looker.request.news.length === 0) looker.look(100);
    assert.ok(looker.now - 1_000 <= 11_100, `told after ${looker.now - 1_000} ms`);
    assert.match(String(looker.request.news[0]), /^told: .* within 10000 ms$/);
    assert.equal(looker.look(900).length, 1);
    assert.deepEqual(looker.look(100)[1], ['lifetime', 10_000]);
  });

  it('is spread over a fifth of its time, so that connections do not all end at once', () => {
    const ends = Array.from({ length: 200 }, () => {
      const looker = new Looker({ maxLifetimeMs: 10_000 });
      while (looker.request.news.length === 0) looker.look(100);
      return looker.now - 1_000;
    });
    assert.ok(Math.min(...ends) < 9_500 && Math.min(...ends) >= 9_000);
    assert.ok(Math.max(...ends) > 10_500 && Math.max(...ends) <= 11_100);
  });
});

describe('the rate of a peer', () => {
  it('ends a request whose client drips a message', () => {
    const looker = new Looker({}, 100);
    looker.pace.awaits = 'message';
    looker.look(20_000);
    looker.pace.awaits = 'rest';
    looker.look(100);
    for (let second = 0; second < 4; second += 1) {
      looker.pace.bytesRead += 99;
      assert.deepEqual(looker.look(1_000), []);
    }
    looker.pace.bytesRead += 99;
    assert.deepEqual(looker.look(1_000), [['rate', 5_000]]);
  });

  it('lets a client be that sends fast enough, message or not', () => {
    for (const awaits of ['rest', 'bytes'] as const) {
      const looker = new Looker({}, 100);
      looker.pace.awaits = awaits;
      for (let second = 0; second < 30; second += 1) {
        looker.pace.bytesRead += 100;
        assert.deepEqual(looker.look(1_000), []);
      }
    }
  });

  it('does not measure between messages, nor while the handler does something else', () => {
    for (const awaits of ['message', 'nothing', 'end'] as const) {
      const looker = new Looker({}, 100);
      for (let second = 0; second < 30; second += 1) {
        looker.pace.awaits = 'rest';
        looker.pace.bytesRead += 1;
        looker.look(800);
        looker.pace.awaits = awaits;
        assert.deepEqual(looker.look(200), []);
      }
    }
  });

  it('takes a window without a byte for a pause where messages are not known, but not within one', () => {
    const looker = new Looker({}, 100);
    looker.pace.awaits = 'bytes';
    assert.deepEqual(looker.look(20_000), []);
    looker.pace.bytesRead += 1;
    assert.deepEqual(looker.look(5_100), [['rate', 5_000]]);

    const within = new Looker({}, 100);
    within.pace.awaits = 'rest';
    assert.deepEqual(within.look(5_100), [['rate', 5_000]]);
  });

  it('ends a request whose client does not take what is being sent', () => {
    const looker = new Looker({}, 100);
    Object.assign(looker.pace, { isSending: true, bytesWritten: 1_000_000, awaits: 'bytes' });
    for (let second = 0; second < 30; second += 1) {
      looker.pace.bytesTaken += 100;
      looker.pace.bytesRead += 5_000; // sends much, which does not count for the other direction
      assert.deepEqual(looker.look(1_000), []);
    }
    looker.pace.bytesTaken += 400;
    while (looker.request.news.length === 0) {
      looker.pace.bytesRead += 500;
      looker.look(100);
    }
    assert.deepEqual(looker.request.news, [['rate', 5_000]]);
  });

  it('is measured for half a minute where only the system’s buffer is seen', () => {
    const looker = new Looker({}, 100);
    Object.assign(looker.pace, { isSending: true, bytesWritten: 1_000_000, takenBy: 'system' });
    looker.look(29_000);
    looker.pace.bytesTaken += 3_000;
    assert.deepEqual(looker.look(30_000), []);
    assert.deepEqual(looker.look(1_100), [['rate', 30_000]]);
  });

  it('is not measured over a time in which the thread was busy', () => {
    const looker = new Looker({}, 100);
    looker.pace.awaits = 'rest';
    for (let round = 0; round < 30; round += 1) {
      looker.look(4_000);
      assert.deepEqual(looker.look(100, { isLate: true }), []);
    }
  });

  it('can be asked for later, and no more', () => {
    const looker = new Looker({});
    looker.pace.awaits = 'rest';
    looker.look(20_000);
    looker.minBytesPerSecond = 100;
    looker.look(4_000);
    looker.minBytesPerSecond = 0;
    looker.look(4_000);
    looker.minBytesPerSecond = 100;
    assert.deepEqual(looker.look(5_000), []);
    assert.deepEqual(looker.look(100), [['rate', 5_000]]);
  });
});

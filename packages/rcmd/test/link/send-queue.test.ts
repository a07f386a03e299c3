import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SendQueue } from '../../src/link/send-queue.ts';
import type { Message } from '../../src/protocol/message.ts';

const ping: Message = { type: 'ping', token: Buffer.alloc(8) };

/** Watches a queue. @returns whether it was told that everything has gone out. */
async function watch(queue: SendQueue): Promise<() => boolean> {
  let isTold = false;
  void queue.whenSent().then(() => (isTold = true));
  await nextTurn();
  return () => isTold;
}

describe('a queue of messages to send', () => {
  it('tells that a message has gone out when the batch has that holds it, not the one before', async () => {
    const queue = new SendQueue();
    queue.addControl(ping);
    queue.nextBatch();
    queue.addControl(ping);
    const isTold = await watch(queue);
    queue.sent();
    await nextTurn();
    assert.equal(isTold(), false);
    queue.nextBatch();
    queue.sent();
    await nextTurn();
    assert.equal(isTold(), true);
  });

  it('tells whoever asks during a batch when that has gone out, where nothing else waits', async () => {
    const queue = new SendQueue();
    queue.addControl(ping);
    queue.nextBatch();
    const isTold = await watch(queue);
    queue.sent();
    await nextTurn();
    assert.equal(isTold(), true);
  });

  it('tells everybody when nothing goes out any more', async () => {
    const queue = new SendQueue();
    queue.addControl(ping);
    const first = await watch(queue);
    queue.nextBatch();
    queue.addControl(ping);
    const second = await watch(queue);
    queue.clear();
    await nextTurn();
    assert.deepEqual([first(), second()], [true, true]);
  });
});

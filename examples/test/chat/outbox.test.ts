import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Outbox } from '../../chat/outbox.ts';

describe('the outbox of a chat member', () => {
  it('gives all its lines at once, in order', async () => {
    const outbox = new Outbox(3);
    for (const line of ['a\n', 'b\n', 'c\n']) outbox.post(line);
    assert.equal(await outbox.take(), 'a\nb\nc\n');
  });

  it('waits for a line when it is empty, also a second time', async () => {
    const outbox = new Outbox(1);
    for (const line of ['a\n', 'b\n']) {
      const taken = outbox.take();
      await nextTurn();
      outbox.post(line);
      assert.equal(await taken, line);
    }
  });

  it('leaves lines out beyond its room, and says how many', async () => {
    const outbox = new Outbox(2);
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n']) outbox.post(line);
    assert.equal(await outbox.take(), 'a\nb\n* you read too slowly and missed 2 lines\n');
    outbox.post('e\n');
    assert.equal(await outbox.take(), 'e\n');
  });
});

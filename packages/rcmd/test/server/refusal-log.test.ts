import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RefusalLog } from '../../src/server/core/refusal-log.ts';

it('a flood of strangers is told of by 20 records and events a second, and a number', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const records: (string | undefined)[] = [];
  const events: string[] = [];
  const log = new RefusalLog({
    record: ({ reason }) => void records.push(reason),
    publish: (event) => void events.push(event.type === 'connection-refused' ? event.reason : event.type),
  });
  const refuse = (count: number): void => {
    for (let index = 0; index < count; index += 1)
      log.add({ fault: 'protocol', address: '192.0.2.1', reason: 'it speaks HTTP' });
  };
  const told = Array.from({ length: 20 }, () => 'it speaks HTTP');

  refuse(1_000);
  assert.deepEqual(records.splice(0), told);
  t.mock.timers.tick(1_000);
  assert.deepEqual(records.splice(0), ['980 more clients were turned away']);

  refuse(21);
  assert.deepEqual(records.splice(0), told);
  log.close();
  assert.deepEqual(records.splice(0), ['1 more clients were turned away']);
  assert.equal(log.count, 1_021);
  assert.equal(events.length, 42);
});

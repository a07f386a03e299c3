import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNativeEngine } from '../lib/index.ts';
import { pair } from './support/sockets.ts';

let told = 0;
createNativeEngine((bytes) => (told += bytes));

test('the library is told of each buffer for a large read, and not of small ones', async (t) => {
  const { peer, sink } = await pair();
  t.after(() => sink.connection.close());
  t.after(() => peer.destroy());
  const atFirst = told;
  peer.write('small');
  assert.equal((await sink.readAtLeast(5)).toString(), 'small');
  assert.equal(told, atFirst);
  peer.end(Buffer.alloc(4 * 1_048_576, 'x'));
  assert.equal((await sink.readAll()).length, 4 * 1_048_576);
  assert.ok(told >= atFirst + 65_536, `${told - atFirst} bytes`);
});

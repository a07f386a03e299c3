import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import type { SocketPair } from '../support/socket-pair.ts';
import { readAll } from '../support/read-all.ts';

/** The client ends, and then its peer is detached: the stream shows the end, and what nobody has read before. */
export async function assertEndGoesAlong(
  { client, peer }: SocketPair,
  readBefore: 'nothing' | 'the end',
): Promise<void> {
  await client.sendall('last words');
  client.shutdown('write');
  await peer.waitForEnd();
  if (readBefore === 'the end') assert.equal((await readAll(peer)).toString(), 'last words');
  const stream = peer.detach();
  assert.equal(await text(stream), readBefore === 'nothing' ? 'last words' : '');
  stream.end('answer');
  assert.equal((await readAll(client)).toString(), 'answer');
}

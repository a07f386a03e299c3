import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { netstrings } from '../../src/index.ts';
import { StreamReader } from '../../src/request/stream-reader.ts';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { socketPair } from '../support/socket-pair.ts';

for (const [engineName, createEngine] of engines) {
  describe(`leaving a loop over a socket early, on the ${engineName} engine`, () => {
    for (const how of ['break', 'throw'] as const) {
      it(`by ${how} leaves the rest to the next read, of whatever kind`, async () => {
        await using ends = await socketPair(createEngine());
        const { peer } = ends;
        await ends.client.sendall('one\ntwo\nthree\n3:abc,5:frame,chunks and all');
        ends.client.shutdown('write');
        const leave = () => {
          if (how === 'throw') throw new Error('enough');
        };
        const until = async (loop: () => Promise<void>) => {
          await loop().catch((error: Error) => assert.equal(error.message, 'enough'));
        };
        const read: string[] = [];
        await until(async () => {
          for await (const line of new StreamReader(peer, -1)) {
            read.push(line.toString());
            leave();
            break;
          }
        });
        await until(async () => {
          for await (const line of peer.lines()) {
            read.push(line.toString());
            leave();
            break;
          }
        });
        read.push((await peer.readline()).toString());
        await until(async () => {
          for await (const message of peer.frames(netstrings())) {
            read.push(message.toString());
            leave();
            break;
          }
        });
        read.push((await peer.frames(netstrings()).read())!.toString());
        assert.deepEqual(read, ['one\n', 'two\n', 'three\n', 'abc', 'frame']);
        let chunk = '';
        await until(async () => {
          for await (const bytes of peer) {
            chunk = bytes.toString();
            leave();
            break;
          }
        });
        assert.ok(chunk.length > 0);
        assert.equal(chunk + (await readAll(peer)).toString(), 'chunks and all');
      });
    }
  });
}

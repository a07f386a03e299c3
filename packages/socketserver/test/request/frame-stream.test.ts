import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Codec, delimited, FrameError, jsonLines, lengthPrefixed, netstrings } from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { socketPair } from '../support/socket-pair.ts';

/** A codec as a user writes it: two bytes of length, and no maximum of its own. */
const records: Codec<Buffer> = {
  decode(bytes) {
    if (bytes.length < 2) return 2;
    const size = 2 + bytes.readUInt16BE(0);
    return bytes.length < size ? size : { message: bytes.subarray(2, size), size };
  },
  encode(message) {
    const header = Buffer.alloc(2);
    header.writeUInt16BE(message.length);
    return [header, message];
  },
};

for (const [engineName, createEngine] of engines) {
  const isDripping = engineName.endsWith('byte');

  describe(`frames on the ${engineName} engine`, () => {
    it('go back and forth, and end with the stream', async () => {
      await using ends = await socketPair(createEngine());
      const echo = (async () => {
        const frames = ends.peer.frames(lengthPrefixed());
        for await (const message of frames) await frames.write(message);
        ends.peer.shutdown('write');
      })();
      const frames = ends.client.frames(lengthPrefixed());
      await frames.writeAll(['one', '', 'three'].map((text) => Buffer.from(text)));
      ends.client.shutdown('write');
      const read: string[] = [];
      for await (const message of frames) read.push(message.toString());
      assert.deepEqual(read, ['one', '', 'three']);
      assert.equal(await frames.read(), undefined, 'the end stays the end');
      await echo;
    });

    it('share what has arrived with lines, raw bytes and other codecs, and lose nothing', async () => {
      await using ends = await socketPair(createEngine());
      await ends.client.sendall('HELLO\n\0\x03one\0\x03two5:three,{"four":4}\nrest');
      ends.client.shutdown('write');
      const { peer } = ends;
      assert.equal((await peer.readline()).toString(), 'HELLO\n');
      assert.equal(String(await peer.frames(records).read()), 'one');
      assert.equal(String(await peer.frames(records).read()), 'two');
      assert.equal(String(await peer.frames(netstrings()).read()), 'three');
      assert.deepEqual(await peer.frames(jsonLines()).read(), { four: 4 });
      assert.equal((await readAll(peer)).toString(), 'rest');
    });

    it('of any size arrive whole', async () => {
      if (isDripping) return;
      await using ends = await socketPair(createEngine());
      const codec = lengthPrefixed({ max: 4_000_000 });
      const sizes = [1, 65_536, 5, 3_000_000, 16_384, 0, 100_000];
      const messages = sizes.map((size, index) => Buffer.alloc(size, index + 1));
      const writing = ends.client.frames(codec).writeAll(messages);
      const frames = ends.peer.frames(codec);
      for (const message of messages) assert.ok(message.equals((await frames.read())!));
      await writing;
    });

    it('that are cut off by the end of the stream are an error, and stay readable', async () => {
      await using ends = await socketPair(createEngine());
      await ends.client.sendall('\0\x03one\0\x05tw');
      ends.client.shutdown('write');
      const frames = ends.peer.frames(records);
      assert.equal(String(await frames.read()), 'one');
      const incomplete = { code: 'BAD_FRAME', fault: 'incomplete', offset: 5, limit: undefined };
      await assert.rejects(frames.read(), incomplete);
      await assert.rejects(frames.read(), incomplete, 'and again');
      assert.equal((await readAll(ends.peer)).toString(), '\0\x05tw');
    });

    it('that are too long or malformed say where, and stay readable', async () => {
      await using ends = await socketPair(createEngine());
      await ends.client.sendall('line\nab\nabcdef');
      await ends.peer.readline();
      const frames = ends.peer.frames(delimited('\n', { max: 4 }));
      const read: string[] = [];
      await assert.rejects(
        async () => {
          for await (const message of frames) read.push(message.toString());
        },
        (error: Error) => {
          assert.ok(error instanceof FrameError);
          assert.equal(
            error.message,
            'Bad frame at byte 8: a message may have 4 bytes, the peer sends a longer one',
          );
          assert.deepEqual([error.fault, error.offset, error.limit], ['too-long', 8, 4]);
          return true;
        },
      );
      assert.deepEqual(read, ['ab']);
      assert.equal((await ends.peer.readExactly(6)).toString(), 'abcdef');
      await ends.client.sendall('3:abcd');
      await assert.rejects(ends.peer.frames(netstrings()).read(), { fault: 'malformed', offset: 19 });
    });

    it('have a maximum also where their codec knows none', async () => {
      await using ends = await socketPair(createEngine());
      const endless: Codec<Buffer> = { decode: () => undefined, encode: (message) => message };
      void ends.client.sendall(Buffer.alloc(70_000));
      await assert.rejects(ends.peer.frames({ ...endless, maxFrameBytes: 100 }).read(), {
        fault: 'too-long',
        limit: 100,
      });
      const greedy: Codec<Buffer> = { ...endless, decode: () => 2 ** 40 };
      await assert.rejects(ends.peer.frames(greedy).read(), { fault: 'too-long', limit: 65_536 });
      if (!isDripping) await assert.rejects(ends.peer.frames(endless).read(), { limit: 65_536 });
    });

    it('make their writer wait for a peer that does not read', async () => {
      if (isDripping) return;
      await using ends = await socketPair(createEngine());
      let asked = 0;
      function* messages() {
        for (; asked < 2_000; asked += 1) yield Buffer.alloc(32_768, asked);
      }
      const writing = ends.client.frames(lengthPrefixed()).writeAll(messages());
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      assert.ok(asked < 2_000, 'sixty megabytes went nowhere');
      let read = 0;
      const frames = ends.peer.frames(lengthPrefixed());
      for (; read < 2_000; read += 1) assert.equal((await frames.read())![7], read % 256);
      await writing;
    });

    it('are sent up to the one that cannot be encoded', async () => {
      await using ends = await socketPair(createEngine());
      const frames = ends.client.frames(delimited('\n'));
      await assert.rejects(frames.writeAll(['one', 'two\n', 'three']), TypeError);
      await assert.rejects(frames.write('x\n'), TypeError);
      async function* more() {
        yield 'four';
        yield 'five';
      }
      await frames.writeAll(more());
      ends.client.shutdown('write');
      assert.equal((await readAll(ends.peer)).toString(), 'one\nfour\nfive\n');
    });

    it('keep their order with other sends, and with a file', async () => {
      await using ends = await socketPair(createEngine());
      const frames = ends.client.frames(records);
      void ends.client.sendall('a');
      const file = ends.client.sendfile(import.meta.filename, { length: 2 });
      const written = frames.write(Buffer.alloc(5_000, 'b'));
      void ends.client.sendall('c');
      ends.client.shutdown('write');
      const all = (await readAll(ends.peer)).toString('latin1');
      await Promise.all([file, written]);
      assert.equal(all, `aim\x13\x88${'b'.repeat(5_000)}c`);
    });

    it('respect the timeout, a reader that waits already, and a socket that is closed', async () => {
      await using ends = await socketPair(createEngine());
      const frames = ends.peer.frames(records);
      ends.peer.settimeout(0.01);
      await ends.client.sendall('\0\x05he');
      await assert.rejects(frames.read(), { code: 'SOCKET_TIMEOUT', message: 'read timed out after 0.01 s' });
      ends.peer.settimeout(undefined);
      const first = frames.read();
      await assert.rejects(frames.read(), /Cannot read: another read of this socket must end first/);
      await assert.rejects(ends.peer.recv(1), /another read/);
      await ends.client.sendall('llo');
      assert.equal(String(await first), 'hello');
      ends.peer.close();
      await assert.rejects(frames.read(), { code: 'CONNECTION_CLOSED' });
      await assert.rejects(frames.write(Buffer.from('x')), { code: 'CONNECTION_CLOSED' });
      ends.client.reset();
      await assert.rejects(ends.client.frames(records).read(), { code: 'CONNECTION_CLOSED' });
    });

    it('do not end the process by a write that nobody awaits', async () => {
      await using ends = await socketPair(createEngine());
      ends.client.reset();
      const frames = ends.peer.frames(records);
      for (let turn = 0; turn < 20; turn += 1) {
        void frames.write(Buffer.alloc(10_000));
        await new Promise(setImmediate);
      }
    });

    it('say what a codec of the user does wrong', async () => {
      await using ends = await socketPair(createEngine());
      await ends.client.sendall('abc');
      await ends.peer.peek(1);
      const encode = (message: Buffer) => message;
      const wrong: readonly (readonly [Codec<Buffer>['decode'], RegExp])[] = [
        [() => 0, /must ask for more than the \d bytes that it was given, got 0/],
        [() => NaN, /must ask for more/],
        [
          (message) => ({ message, size: 0 }),
          /size from codec.decode must be an integer from 1 to \d, got 0/,
        ],
        [(message) => ({ message, size: 4 }), /got 4/],
        [() => ({ message: undefined as never, size: 1 }), /must be a value, got undefined/],
      ];
      for (const [decode, message] of wrong) {
        await assert.rejects(ends.peer.frames({ decode, encode }).read(), { name: 'TypeError', message });
      }
      const own = new Error('the codec has its own');
      const throwing: Codec<Buffer> = {
        decode() {
          throw own;
        },
        encode,
      };
      await assert.rejects(ends.peer.frames(throwing).read(), own);
      assert.equal((await ends.peer.readExactly(3)).toString(), 'abc', 'nothing was taken');
    });
  });
}

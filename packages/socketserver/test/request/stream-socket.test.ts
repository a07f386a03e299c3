import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { socketPair } from '../support/socket-pair.ts';

for (const [engineName, createEngine] of engines) {
  const pair = () => socketPair(createEngine());

  describe(`a stream socket on the ${engineName} engine`, () => {
    it('receives at most what was asked for, and keeps the rest', async () => {
      await using ends = await pair();
      await ends.client.sendall('abcdef');
      ends.client.shutdown('write');
      const pieces: string[] = [];
      for (;;) {
        const piece = await ends.peer.recv(4);
        if (piece.length === 0) break;
        assert.ok(piece.length <= 4);
        pieces.push(piece.toString());
      }
      assert.equal(pieces.join(''), 'abcdef');
      assert.equal((await ends.peer.recv(4)).length, 0, 'the end stays the end');
    });

    it('reads exactly, until a delimiter, by line, and looks ahead', async () => {
      await using ends = await pair();
      await ends.client.sendall('12345head\r\n\r\nline one\nline two');
      ends.client.shutdown('write');
      assert.equal((await ends.peer.peek(3)).toString().slice(0, 1), '1');
      assert.equal((await ends.peer.readExactly(5)).toString(), '12345');
      assert.equal((await ends.peer.readUntil('\r\n\r\n')).toString(), 'head\r\n\r\n');
      assert.equal((await ends.peer.readline()).toString(), 'line one\n');
      assert.equal((await ends.peer.readline()).toString(), 'line two');
      assert.equal((await ends.peer.readline()).toString(), '');
      assert.equal((await ends.peer.readExactly(0)).length, 0);
    });

    it('looks ahead as far as it is asked to, and no further than the end', async () => {
      await using ends = await pair();
      await ends.client.sendall('ab');
      const four = ends.peer.peek(8, { min: 4 });
      await ends.client.sendall('cd');
      assert.equal((await four).toString(), 'abcd');
      ends.client.shutdown('write');
      assert.equal((await ends.peer.peek(8, { min: 8 })).toString(), 'abcd');
      await assert.rejects(ends.peer.peek(8, { min: 9 }), RangeError);
      assert.equal((await ends.peer.recv(8)).toString(), 'abcd');
    });

    it('yields lines, and leaves the rest to other reads', async () => {
      await using ends = await pair();
      await ends.client.sendall('one\ntwo\nthree\n\0\x01four\nlast');
      ends.client.shutdown('write');
      const lines: string[] = [];
      for await (const line of ends.peer.lines()) {
        lines.push(line.toString());
        if (line.toString() === 'three\n') break;
      }
      assert.equal((await ends.peer.readExactly(2)).toString('hex'), '0001');
      for await (const line of ends.peer.lines({ max: 5 })) lines.push(line.toString());
      assert.deepEqual(lines, ['one\n', 'two\n', 'three\n', 'four\n', 'last']);
      assert.deepEqual(await ends.peer.lines().next(), { value: undefined, done: true });
      await assert.rejects(ends.peer.lines({ max: 0 }).next(), RangeError);
    });

    it('keeps what arrived when the stream ends too early or a message is too long', async () => {
      await using ends = await pair();
      await ends.client.sendall('0123456789');
      ends.client.shutdown('write');
      await assert.rejects(ends.peer.readUntil('\n', { max: 4 }), { code: 'MESSAGE_TOO_LONG', max: 4 });
      await assert.rejects(ends.peer.readline({ max: 9 }), { code: 'MESSAGE_TOO_LONG' });
      await assert.rejects(ends.peer.readExactly(11), {
        code: 'INCOMPLETE_READ',
        received: 10,
        expected: 11,
      });
      await assert.rejects(ends.peer.readUntil('\n'), { code: 'INCOMPLETE_READ' });
      assert.equal((await ends.peer.readExactly(10)).toString(), '0123456789');
    });

    it('lets a client end its side and still get the whole answer', async () => {
      await using ends = await pair();
      const question = Buffer.alloc(100_000, 'q');
      const sent = ends.client.sendall(question);
      const answered = readAll(ends.client);
      const read = readAll(ends.peer);
      await sent;
      ends.client.shutdown('write');
      assert.deepEqual(await read, question);
      const answer = Buffer.alloc(200_000, 'a');
      await ends.peer.sendall(answer);
      ends.peer.close();
      assert.deepEqual(await answered, answer);
    });

    it('gives the whole answer also to a peer whose own bytes were never read', async () => {
      await using ends = await pair();
      await ends.client.sendall(Buffer.alloc(10_000, 'q'));
      await ends.peer.sendall('answer');
      ends.peer.close();
      assert.equal((await readAll(ends.client)).toString(), 'answer');
    });

    it('makes sendall wait for a peer that does not read, and go on when it does', async () => {
      await using ends = await pair();
      const block = Buffer.alloc(1_048_576, 'b');
      let sent = 0;
      let isDone = false;
      const sending = (async () => {
        for (; sent < 16; sent += 1) await ends.peer.sendall(block);
        isDone = true;
        ends.peer.close();
      })();
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      assert.equal(isDone, false, 'sixteen megabytes went nowhere');
      let received = 0;
      if (engineName.endsWith('byte')) {
        ends.client.reset(); // one byte a turn would take for ever
        await assert.rejects(sending);
        return;
      }
      for await (const chunk of ends.client) received += chunk.length;
      await sending;
      assert.equal(received, 16 * block.length);
    });

    it('answers many small messages that came at once in order, and waits for a peer that does not read them', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      const lines = 20_000; // of a kilobyte: more than sockets hold
      const lineOf = (index: number) => `${String(index).padStart(999, '.')}\n`;
      const echo = (async () => {
        for (;;) {
          const line = await ends.peer.readline();
          if (line.length === 0) break;
          await ends.peer.sendall(line);
        }
        ends.peer.close();
      })();
      let sent = 0;
      const sending = (async () => {
        for (; sent < lines; sent += 1_000) {
          const block = Array.from({ length: 1_000 }, (_, index) => lineOf(sent + index));
          await ends.client.sendall(block.join(''));
        }
        ends.client.shutdown('write');
      })();
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
      assert.ok(sent < lines, 'nobody read the answers, so not all questions can be out');
      let expected = 0;
      for (let line; (line = await ends.client.readline()).length > 0; expected += 1) {
        assert.equal(line.toString(), lineOf(expected));
      }
      await Promise.all([echo, sending]);
      assert.equal(expected, lines);
    });

    it('sends a file, or a part of one, between other sends', async () => {
      if (engineName.endsWith('byte')) return;
      await using folder = await mkdtempDisposable(join(tmpdir(), 'socketserver-file-'));
      const path = join(folder.path, 'file');
      const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
      await writeFile(path, content);
      await using ends = await pair();
      const received = readAll(ends.client);
      await ends.peer.sendall('<');
      assert.equal(await ends.peer.sendfile(path), content.length);
      await ends.peer.sendall('|');
      await using file = await open(path);
      assert.equal(await ends.peer.sendfile(file, { offset: 1_000, length: 150_000 }), 150_000);
      assert.equal(await ends.peer.sendfile(file, { offset: 299_990, length: 500 }), 10, 'the file ends');
      await ends.peer.sendall('>');
      ends.peer.close();
      const expected = ['<', content, '|', content.subarray(1_000, 151_000), content.subarray(299_990), '>'];
      assert.deepEqual(await received, Buffer.concat(expected.map((part) => Buffer.from(part))));
      await assert.rejects(ends.client.sendfile(join(folder.path, 'none')), { code: 'ENOENT' });
      await assert.rejects(ends.client.sendfile(path, { offset: -1 }), RangeError);
    });

    it('keeps the order of sends that were not awaited', async () => {
      await using ends = await pair();
      const sends = Array.from({ length: 100 }, (_, index) => ends.client.sendall(`${index},`));
      ends.client.shutdown('write');
      const text = (await readAll(ends.peer)).toString();
      await Promise.all(sends);
      assert.equal(text, Array.from({ length: 100 }, (_, index) => `${index},`).join(''));
    });

    it('frees the memory of a send when sendall resolves', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      const bytes = Buffer.alloc(4_000_000, 1);
      const read = readAll(ends.peer);
      await ends.client.sendall(bytes);
      bytes.fill(2);
      ends.client.shutdown('write');
      assert.ok((await read).every((byte) => byte === 1));
    });

    it('times an operation out, and receives later what comes later', async () => {
      await using ends = await pair();
      ends.peer.settimeout(0.01);
      assert.equal(ends.peer.gettimeout(), 0.01);
      await assert.rejects(ends.peer.recv(1), {
        code: 'SOCKET_TIMEOUT',
        message: 'recv timed out after 0.01 s',
      });
      await assert.rejects(ends.peer.readline(), { code: 'SOCKET_TIMEOUT' });
      ends.peer.settimeout(undefined);
      await ends.client.sendall('late\n');
      assert.equal((await ends.peer.readline()).toString(), 'late\n');
    });

    it('can be given less time than before', async () => {
      await using ends = await pair();
      ends.peer.settimeout(30);
      const early = ends.peer.recv(1);
      await ends.client.sendall('x');
      await early;
      ends.peer.settimeout(0.01);
      await assert.rejects(ends.peer.recv(1), { code: 'SOCKET_TIMEOUT' });
    });

    it('does not end the process by a send that nobody awaits', async () => {
      await using ends = await pair();
      ends.client.reset();
      for (let turn = 0; turn < 20; turn += 1) {
        void ends.peer.sendall('x');
        void ends.peer.send('y');
        await new Promise(setImmediate);
      }
      await assert.rejects(ends.peer.sendall('z'), { syscall: /read|write|send/ });
    });

    it('sends everything before the end, also what was not awaited', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      const block = Buffer.alloc(3_000_000, 'b');
      void ends.peer.sendall(block);
      void ends.peer.sendall(block);
      let received = (await ends.client.readExactly(4_000_000)).length;
      void ends.peer.sendall(block);
      ends.peer.close();
      for await (const chunk of ends.client) received += chunk.length;
      assert.equal(received, 3 * block.length);
    });

    it('gives a slow reader the whole answer, also when that goes on asking', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      await ends.client.sendall('request');
      await ends.peer.recv(65_536);
      void ends.peer.sendall(Buffer.alloc(1_000_000, 'a'));
      ends.peer.close();
      await ends.client.sendall('more'); // lies unread on the other side
      let received = 0;
      for await (const chunk of ends.client) {
        received += chunk.length;
        await new Promise(setImmediate);
      }
      assert.equal(received, 1_000_000);
    });

    it('aborts its signal also after much was read meanwhile', async () => {
      if (engineName.endsWith('byte')) return;
      await using ends = await pair();
      const { signal } = ends.peer;
      await ends.client.sendall(Buffer.alloc(65_536));
      await ends.peer.readExactly(65_536);
      const aborted = once(signal, 'abort');
      ends.client.reset();
      await aborted;
    });

    it('resets a peer that did not read in time, instead of keeping its connection', async () => {
      await using ends = await pair();
      ends.peer.settimeout(0.01);
      const block = Buffer.alloc(1_048_576);
      await assert.rejects(async () => {
        for (let sent = 0; sent < 64; sent += 1) await ends.peer.sendall(block);
      });
      ends.peer.close();
      await assert.rejects(
        async () => {
          for await (const _ of ends.client);
        },
        { code: 'ECONNRESET' },
      );
    });

    it('times a send out', async () => {
      await using ends = await pair();
      ends.peer.settimeout(0.01);
      const block = Buffer.alloc(1_048_576);
      await assert.rejects(
        async () => {
          for (let sent = 0; sent < 64; sent += 1) await ends.peer.sendall(block);
        },
        { code: 'SOCKET_TIMEOUT' },
      );
      ends.peer.reset();
    });

    it('aborts its signal when the peer resets, also while nobody reads', async () => {
      await using ends = await pair();
      const { signal } = ends.peer;
      const aborted = once(signal, 'abort');
      ends.client.reset();
      await aborted;
      assert.equal((signal.reason as { code: string }).code, 'ECONNRESET');
      await assert.rejects(ends.peer.recv(1), { code: 'ECONNRESET' });
      assert.ok(ends.peer.isPeerGone(signal.reason));
    });

    it('does not abort its signal when the peer ends its writing side', async () => {
      await using ends = await pair();
      const { signal } = ends.peer;
      const ended = ends.peer.waitForEnd();
      await ends.client.sendall('bytes');
      ends.client.shutdown('write');
      await ended;
      assert.equal(signal.aborted, false);
      assert.equal((await ends.peer.readExactly(5)).toString(), 'bytes', 'waiting takes nothing');
    });

    it('fails with the error of the system when it sends to a peer that is gone', async () => {
      await using ends = await pair();
      ends.client.reset();
      await assert.rejects(
        async () => {
          for (let sent = 0; sent < 1_000; sent += 1) {
            await ends.peer.sendall('x');
            await new Promise(setImmediate);
          }
        },
        (error: NodeJS.ErrnoException) => error.code === 'ECONNRESET' || error.code === 'EPIPE',
      );
    });

    it('refuses to be used after close, in words', async () => {
      await using ends = await pair();
      const waiting = assert.rejects(ends.peer.recv(1), { code: 'CONNECTION_CLOSED' });
      ends.peer.close();
      ends.peer.close();
      await waiting;
      await assert.rejects(ends.peer.recv(1), /Cannot recv: the socket is closed/);
      await assert.rejects(ends.peer.sendall('x'), /Cannot sendall/);
      await assert.rejects(ends.peer.readline(), { code: 'CONNECTION_CLOSED' });
    });

    it('refuses a second reader, and sizes that are none', async () => {
      await using ends = await pair();
      const first = ends.peer.recv(1);
      await assert.rejects(ends.peer.recv(1), /another read of this socket must end first/);
      await assert.rejects(ends.peer.peek(1), /another read/);
      await assert.rejects(ends.peer.lines().next(), /another read/);
      await ends.client.sendall('x');
      assert.equal((await first).toString(), 'x');
      for (const size of [0, -1, NaN]) await assert.rejects(ends.peer.recv(size), RangeError);
      assert.throws(() => ends.peer.settimeout(0), RangeError);
      assert.throws(() => ends.peer.shutdown('sideways' as 'read'), TypeError);
    });

    it('throws away what arrives after shutdown of the reading side', async () => {
      await using ends = await pair();
      ends.peer.shutdown('read');
      assert.equal((await ends.peer.recv(10)).length, 0);
      await ends.client.sendall('ignored');
      await ends.peer.sendall('still writing');
      assert.equal((await ends.client.readExactly(13)).toString(), 'still writing');
    });

    it('knows the addresses of both ends', async () => {
      await using ends = await pair();
      assert.deepEqual(ends.peer.getsockname(), ends.client.getpeername());
      assert.deepEqual(ends.client.getsockname(), ends.peer.getpeername());
    });
  });
}

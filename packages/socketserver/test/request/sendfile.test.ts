import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { socketPair } from '../support/socket-pair.ts';

const folder = mkdtempSync(join(tmpdir(), 'socketserver-sendfile-'));
after(() => rmSync(folder, { recursive: true }));
const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const path = join(folder, 'file');
writeFileSync(path, content);
const empty = join(folder, 'empty');
writeFileSync(empty, '');
const large = join(folder, 'large');
writeFileSync(large, Buffer.alloc(32 << 20, 'l'));

/** Descriptors of this process that lead to a file. */
function openAt(file: string): number {
  if (process.platform !== 'linux') return 0;
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // that of the listing itself
    }
  });
  return targets.filter((target) => target === file).length;
}

for (const [engineName, createEngine] of engines) {
  if (engineName.endsWith('byte')) continue; // files of a size are sent here

  describe(`sendfile on the ${engineName} engine`, () => {
    const pair = () => socketPair(createEngine());

    it('takes a path, a URL or an open file, from an offset, for a length, to the end of the file', async () => {
      await using ends = await pair();
      const received = readAll(ends.client);
      await using file = await open(path);
      assert.equal(await ends.peer.sendfile(path), 300_000);
      assert.equal(await ends.peer.sendfile(pathToFileURL(path), { offset: 299_000 }), 1_000);
      assert.equal(await ends.peer.sendfile(file, { length: 10 }), 10);
      assert.equal(await ends.peer.sendfile(file, { offset: 5, length: 10 }), 10);
      assert.equal(await ends.peer.sendfile(file, { offset: 299_995, length: 10 }), 5);
      assert.equal(await ends.peer.sendfile(file, { offset: 300_000 }), 0);
      assert.equal(await ends.peer.sendfile(file, { offset: 400_000, length: 10 }), 0);
      assert.equal(await ends.peer.sendfile(file, { length: 0 }), 0);
      assert.equal(await ends.peer.sendfile(empty), 0);
      ends.peer.close();
      const parts = [
        content,
        content.subarray(299_000),
        content.subarray(0, 10),
        content.subarray(5, 15),
        content.subarray(299_995),
      ];
      assert.deepEqual(await received, Buffer.concat(parts));
      assert.equal(ends.peer.bytesWritten, 301_025);
      assert.equal((await file.read(Buffer.alloc(3), 0, 3)).bytesRead, 3, 'it is open, at its beginning');
    });

    it('fails with the error of the system, or says what would be right, and the socket stays good', async () => {
      await using ends = await pair();
      await assert.rejects(ends.peer.sendfile(join(folder, 'none')), { code: 'ENOENT' });
      await assert.rejects(ends.peer.sendfile(folder), { code: 'EISDIR' });
      for (const options of [
        { offset: -1 },
        { offset: 0.5 },
        { offset: Infinity },
        { length: -1 },
        { length: NaN },
      ]) {
        const [[name]] = Object.entries(options) as [[string, number]];
        await assert.rejects(ends.peer.sendfile(path, options), {
          name: 'RangeError',
          message: new RegExp(`^Cannot sendfile: ${name} must be an integer from 0 on, got `),
        });
      }
      const closed = await open(path);
      await closed.close();
      await assert.rejects(ends.peer.sendfile(closed), { code: 'EBADF' });
      await ends.peer.sendall('still good');
      assert.equal((await ends.client.readExactly(10)).toString(), 'still good');
    });

    it('keeps its place among sends, and goes out whole, although nobody awaits it before close()', async () => {
      await using ends = await pair();
      void ends.peer.sendall('<');
      void ends.peer.sendfile(large);
      void ends.peer.sendfile(path, { length: 3 });
      void ends.peer.sendall('>');
      ends.peer.close();
      const received = await readAll(ends.client);
      assert.equal(received.length, (32 << 20) + 5);
      assert.equal(received.subarray(-4).toString('hex'), '0001023e');
      assert.equal(openAt(large), 0);
    });

    it('times out where the peer does not read', async () => {
      await using ends = await pair();
      ends.peer.settimeout(0.05);
      await assert.rejects(ends.peer.sendfile(large), {
        code: 'SOCKET_TIMEOUT',
        message: /^sendfile timed out/,
      });
      ends.peer.reset();
      await readAll(ends.client).catch(() => {});
      assert.equal(openAt(large), 0);
    });

    it('ends with the connection: by a reset of ours, or of the peer, with no file left open', async () => {
      for (const side of ['peer', 'client'] as const) {
        await using ends = await pair();
        const sending = ends.peer.sendfile(large);
        await ends.client.recv(1);
        const reason = new Error('enough of it');
        ends[side].reset(reason);
        await assert.rejects(sending, side === 'peer' ? reason : { code: /^(ECONNRESET|EPIPE)$/ });
        assert.equal(openAt(large), 0);
      }
    });

    it('harms nobody where its outcome is not looked at', async () => {
      await using ends = await pair();
      void ends.peer.sendfile(large);
      void ends.peer.sendfile(join(folder, 'none'));
      ends.client.reset();
      await ends.peer.waitForEnd();
      ends.peer.close();
      await assert.rejects(ends.peer.sendfile(path));
    });

    it('sends no more than there is of a file that shrinks, and all of one that grows', async () => {
      await using ends = await pair();
      const changing = join(folder, `changing-${engineName}`);
      writeFileSync(changing, 'x'.repeat(10));
      await using file = await open(changing, 'r+');
      await file.truncate(4);
      assert.equal(await ends.peer.sendfile(file), 4);
      await file.write('y'.repeat(16), 4); // not what was sent: its pages may still be on their way [sendfile(2)]
      assert.equal(await ends.peer.sendfile(file, { offset: 4 }), 16);
      ends.peer.close();
      assert.equal((await readAll(ends.client)).toString(), `xxxx${'y'.repeat(16)}`);
    });
  });
}

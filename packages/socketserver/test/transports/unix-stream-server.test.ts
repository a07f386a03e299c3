import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  ConcurrentUnixStreamServer,
  connect,
  StreamRequestHandler,
  type UnixAddress,
  UnixStreamServer,
} from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';

class EchoLine extends StreamRequestHandler<UnixAddress> {
  override async handle() {
    assert.equal(this.clientAddress, '');
    await this.wfile.write(await this.rfile.readline());
  }
}

async function lineThrough(path: string): Promise<string> {
  await using client = await connect({ path });
  await client.sendall('hello\n');
  return (await readAll(client)).toString();
}

describe('a Unix stream server', { skip: process.platform === 'win32' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'socketserver-unix-'));
  const path = join(folder, 'app.sock');
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const Server of [UnixStreamServer, ConcurrentUnixStreamServer]) {
    it(`serves clients, as ${Server.name}`, async () => {
      const server = new Server(path, EchoLine);
      assert.equal(server.serverAddress, path);
      await using _ = serving(server);
      assert.equal(await lineThrough(path), 'hello\n');
      assert.equal(await lineThrough(path), 'hello\n');
    });
  }

  it('removes its path when it closes', async () => {
    const server = new UnixStreamServer(path, EchoLine);
    assert.ok(existsSync(path));
    await server.serverClose();
    assert.equal(existsSync(path), false);
  });

  it('leaves the path to another server that has taken it meanwhile', async () => {
    const old = new UnixStreamServer(path, EchoLine, { engine: 'node' });
    unlinkSync(path);
    await using _ = serving(new UnixStreamServer(path, EchoLine));
    await old.serverClose();
    assert.equal(await lineThrough(path), 'hello\n');
  });

  it('gives the path the permissions it was told', async () => {
    await using _ = new UnixStreamServer(path, EchoLine, { mode: 0o600 });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('replaces the file of a dead server', async () => {
    const bindAndDie = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', bindAndDie]);
    assert.ok(existsSync(path), 'the dead left their file behind');
    await using _ = serving(new UnixStreamServer(path, EchoLine));
    assert.equal(await lineThrough(path), 'hello\n');
  });

  it('leaves a live server alone, and any file that is no socket', async () => {
    await using _ = serving(new UnixStreamServer(path, EchoLine));
    assert.throws(() => new UnixStreamServer(path, EchoLine), { code: 'EADDRINUSE' });
    assert.equal(await lineThrough(path), 'hello\n');
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    assert.throws(() => new UnixStreamServer(file, EchoLine), { code: 'EADDRINUSE' });
    assert.ok(existsSync(file));
  });

  it('takes an abstract name, which leaves no file', { skip: process.platform !== 'linux' }, async () => {
    const name = `\0socketserver-test-${process.pid}`;
    await using _ = serving(new UnixStreamServer(name, EchoLine));
    await using client = await connect(name);
    await client.sendall('hello\n');
    assert.equal((await readAll(client)).toString(), 'hello\n');
    assert.throws(() => new UnixStreamServer(name, EchoLine), { code: 'EADDRINUSE' });
  });

  it('refuses a path that does not fit, and a mode that is none', () => {
    assert.throws(() => new UnixStreamServer(join(folder, 'x'.repeat(120)), EchoLine), RangeError);
    assert.throws(() => new UnixStreamServer(path, EchoLine, { mode: 0o1000 }), /options\.mode must be/);
    assert.equal(existsSync(path), false);
  });

  it('lets a client half-close and then read the answer', async () => {
    class Sum extends StreamRequestHandler<UnixAddress> {
      override async handle() {
        const all = await this.rfile.read();
        await this.wfile.write(String(all.length));
      }
    }
    await using _ = serving(new UnixStreamServer(path, Sum));
    await using client = await connect({ path });
    await client.sendall(Buffer.alloc(300_000));
    client.shutdown('write');
    assert.equal((await readAll(client)).toString(), '300000');
  });
});

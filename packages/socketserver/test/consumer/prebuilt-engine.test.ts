import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { needs } from '../interop/program.ts';

const repository = resolve(import.meta.dirname, '../../../..');

const program = `
import { BaseRequestHandler, connect, ConcurrentTCPServer } from 'socketserver';

class Hello extends BaseRequestHandler {
  async handle() {
    await this.request.sendall('hello from ' + this.server.engine);
  }
}

await using server = new ConcurrentTCPServer(['127.0.0.1', 0], Hello);
const loop = server.serveForever();
const client = await connect(server.serverAddress);
console.log(String(await client.recv(100)));
client.close();
await server.shutdown();
await loop;
`;

describe('the packed native engine', { skip: process.platform !== 'linux' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'socketserver-prebuilt-'));
  /** Programs that somebody has who has no compiler, no make and no Python. */
  const bin = join(folder, 'bin');

  const run = (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env) =>
    execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const pack = (packageFolder: string, name: string): string => {
    const into = join(folder, name);
    mkdirSync(into);
    run('npm', ['pack', '--pack-destination', into], packageFolder);
    return join(into, readdirSync(into)[0]!);
  };
  const without = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ ...process.env, PATH: bin, ...env });
  const install = (name: string, tarballs: readonly string[]): string => {
    const consumer = join(folder, name);
    mkdirSync(consumer);
    const manifest = { private: true, type: 'module', allowScripts: { '@socketserver/native': true } };
    writeFileSync(join(consumer, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(consumer, 'program.js'), program);
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], consumer, without());
    return consumer;
  };

  let library: string;
  let loader: string;
  const native = join(folder, 'native');

  before(() => {
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    for (const name of ['npm', 'sh']) {
      symlinkSync(realpathSync(run('which', [name], folder).trim()), join(bin, name));
    }
    const source = join(repository, 'packages/native');
    cpSync(source, native, { recursive: true, filter: (path) => !/\/(build|prebuilds|test)$/.test(path) });
    // Of a copy: packing sets a field of package.json for a while, and other tests may read or pack the same package.
    const copy = join(folder, 'socketserver');
    const isLeftOut = (path: string): boolean => /\/(node_modules|test)$/.test(path);
    cpSync(join(repository, 'packages/socketserver'), copy, {
      recursive: true,
      filter: (path) => !isLeftOut(path),
    });
    library = pack(copy, 'library');
    loader = pack(join(repository, 'node_modules/node-gyp-build'), 'loader');
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('installs where it cannot be built, and the library serves on the node engine, and says why', () => {
    const consumer = install('fallback', [library, loader, pack(native, 'unbuilt')]);
    assert.equal(run('node', ['program.js'], consumer, without()), 'hello from node\n');
    assert.throws(() => run('node', ['program.js'], consumer, without({ SOCKETSERVER_ENGINE: 'native' })), {
      stderr: /UnsupportedError: The native engine cannot be used here: .*No native build was found/,
    });
  });

  it('loads what prebuildify made, without a compiler', needs('g++', 'make', 'python3'), () => {
    const inUse = join(native, 'build/Release/socketserver_native.node');
    mkdirSync(dirname(inUse), { recursive: true });
    writeFileSync(inUse, 'built before');
    run(process.execPath, ['scripts/prebuild.js', process.arch], native, {
      ...process.env,
      PATH: `${join(repository, 'node_modules/.bin')}:${process.env['PATH']}`,
      JOBS: 'max',
    });
    assert.deepEqual(readdirSync(join(native, 'prebuilds')), [`linux-${process.arch}`]);
    assert.equal(readFileSync(inUse, 'utf8'), 'built before');
    rmSync(join(native, 'build'), { recursive: true });
    const consumer = install('prebuilt', [library, loader, pack(native, 'prebuilt-package')]);
    assert.equal(
      run('node', ['program.js'], consumer, without({ SOCKETSERVER_ENGINE: 'native' })),
      'hello from native\n',
    );
    assert.equal(run('node', ['program.js'], consumer, without()), 'hello from native\n');
  });
});

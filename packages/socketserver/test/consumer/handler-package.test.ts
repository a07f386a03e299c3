import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';

const library = resolve(import.meta.dirname, '../..');

const manifest = (name: string, type: 'module' | 'commonjs', exports: unknown): string =>
  JSON.stringify({ name, version: '1.0.0', type, exports });

const handler = `
  async handle() {
    for await (const line of this.rfile) await this.wfile.write(line.toString().toUpperCase());
  }
`;

const files = {
  // As tsc leaves it: the class in a file of its own, and a door that exports it again.
  'node_modules/shout/package.json': manifest('shout', 'module', './dist/index.js'),
  'node_modules/shout/dist/index.js': `export { Shout } from './shout.js';`,
  'node_modules/shout/dist/shout.js': `
    import { StreamRequestHandler } from 'socketserver';
    export class Shout extends StreamRequestHandler { static module = import.meta.url; ${handler} }`,

  'node_modules/@scope/old-shout/package.json': manifest('@scope/old-shout', 'commonjs', './index.js'),
  'node_modules/@scope/old-shout/index.js': `
    const { pathToFileURL } = require('node:url');
    const { StreamRequestHandler } = require('socketserver');
    class Shout extends StreamRequestHandler { ${handler} }
    Shout.module = pathToFileURL(__filename).href;
    exports.Shout = Shout;`,

  'node_modules/own-shout/package.json': manifest('own-shout', 'module', './index.js'),
  'node_modules/own-shout/index.js': `
    import { StreamRequestHandler } from 'socketserver';
    export class Shout extends StreamRequestHandler { static module = import.meta.url; ${handler} }`,

  'linked/package.json': manifest('linked', 'module', './index.js'),
  'linked/index.js': `
    import { StreamRequestHandler } from 'socketserver';
    export class Shout extends StreamRequestHandler { static module = import.meta.url; ${handler} }`,

  // Its class is built, and says that its sources are where workers find it.
  'node_modules/source-shout/package.json': manifest('source-shout', 'module', './index.js'),
  'node_modules/source-shout/index.js': `
    import { StreamRequestHandler } from 'socketserver';
    export class Shout extends StreamRequestHandler {
      static module = new URL('./shout.ts', import.meta.url).href;
    }`,
  'node_modules/source-shout/shout.ts': `
    import { StreamRequestHandler } from 'socketserver';
    export class Shout extends StreamRequestHandler { static module: string = import.meta.url; ${handler} }`,

  'app/bin/serve.js': `
    import { connect, ForkingTCPServer, ThreadingTCPServer } from 'socketserver';
    const [name, model] = process.argv.slice(2);
    const { Shout } = await import(name);
    const Server = { ThreadingTCPServer, ForkingTCPServer }[model];
    await using server = new Server(['127.0.0.1', 0], Shout);
    const loop = server.serveForever();
    loop.catch(() => {});
    const client = await connect(server.serverAddress);
    await client.sendall('from a package\\n');
    const answer = await client.readline().catch(() => '');
    client.close();
    await server.shutdown().catch(() => {});
    await loop;
    console.log(String(answer).trim());`,
  'app/package.json': JSON.stringify({ private: true, type: 'module' }),
};

describe('a handler that comes from a package, for a program that is elsewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'socketserver packages #'));

  before(() => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    symlinkSync(library, join(folder, 'node_modules/socketserver'));
    const ownCopy = join(folder, 'node_modules/own-shout/node_modules/socketserver');
    cpSync(join(library, 'dist'), join(ownCopy, 'dist'), { recursive: true });
    cpSync(join(library, 'package.json'), join(ownCopy, 'package.json'));
    symlinkSync(join(folder, 'linked'), join(folder, 'node_modules/linked'));
  });

  after(() => rmSync(folder, { recursive: true }));

  const serve = (name: string, model: string, execArgv: readonly string[] = []) =>
    spawnSync(process.execPath, [...execArgv, join(folder, 'app/bin/serve.js'), name, model], {
      cwd: tmpdir(), // neither the program's folder nor the package's
      encoding: 'utf8',
    });

  for (const model of ['ThreadingTCPServer', 'ForkingTCPServer']) {
    for (const [what, name] of [
      ['ES modules', 'shout'],
      ['CommonJS', '@scope/old-shout'],
      ['a linked folder', 'linked'],
      ['a package with a copy of the library of its own', 'own-shout'],
    ] as const) {
      it(`is served by ${model} from ${what}`, () => {
        const { stdout, stderr, status } = serve(name, model);
        assert.deepEqual([stdout, stderr, status], ['FROM A PACKAGE\n', '', 0]);
      });
    }

    it(`is served by ${model} where the program preserves links`, () => {
      const { stdout, stderr, status } = serve('linked', model, ['--preserve-symlinks']);
      assert.deepEqual([stdout, stderr, status], ['FROM A PACKAGE\n', '', 0]);
    });

    it(`cannot be TypeScript for ${model}, since Node runs none in node_modules, which the error says`, () => {
      const { stdout, stderr, status } = serve('source-shout', model);
      assert.match(stderr, /HandlerModuleError: A worker cannot load Shout: its module file:.*\/shout\.ts/);
      assert.match(stderr, /cannot be imported: Stripping types is currently unsupported .* node_modules/);
      assert.match(stderr, /code: 'HANDLER_MODULE'/);
      assert.deepEqual([stdout, status], ['', 1]);
    });
  }
});

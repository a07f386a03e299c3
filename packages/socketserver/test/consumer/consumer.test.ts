import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';

const packageFolder = resolve(import.meta.dirname, '../..');
const repository = resolve(packageFolder, '../..');

const program = (types: boolean) => `
import { BaseRequestHandler, ConcurrentTCPServer, connect } from 'socketserver';
import { createMemoryEngine, runHandler, startServer } from 'socketserver/testing';

export class Echo extends BaseRequestHandler {
  ${types ? 'override ' : ''}async handle()${types ? ': Promise<void>' : ''} {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

for (const engine of ['auto'${types ? ' as const' : ''}, createMemoryEngine()]) {
  const server = new ConcurrentTCPServer(['127.0.0.1', 0], Echo, { engine });
  const loop = server.serveForever();
  const socket = await connect(server.serverAddress, { engine });
  await socket.sendall('hello');
  console.log(String(await socket.readExactly(5)));
  socket.close();
  await server.shutdown();
  await server.serverClose();
  await loop;
}

await using running = startServer(ConcurrentTCPServer, Echo);
await using client = await running.connect();
await client.send('hello');
console.log(String(await client.readExactly(5)));
console.log(String((await runHandler(Echo, 'hello', { chunkBytes: 1 })).output));
`;

const workersProgram = `
import { threadId } from 'node:worker_threads';
import { connect, ForkingTCPServer, StreamRequestHandler, ThreadingTCPServer } from 'socketserver';

export class WhereAmI extends StreamRequestHandler {
  static module = import.meta.url;
  async handle() {
    await this.wfile.write(process.pid + ' ' + threadId);
  }
}

if (import.meta.main) {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    await using server = new Server(['127.0.0.1', 0], WhereAmI);
    const loop = server.serveForever();
    const client = await connect(server.serverAddress);
    console.log(String(await client.recv(100)) !== process.pid + ' ' + threadId);
    client.close();
    await server.shutdown();
    await loop;
  }
}
`;

/** What a worker says about the library that its handler imported and the one that serves it. */
const footprintProgram = `
import { connect, ForkingTCPServer, SocketServerError, StreamRequestHandler, ThreadingTCPServer } from 'socketserver';

export class Footprint extends StreamRequestHandler {
  static module = import.meta.url;
  async handle() {
    const error = await this.request.readExactly(10).catch((error) => error);
    const isOurs = error instanceof SocketServerError;
    const loadsClient = process.moduleLoadList.some((name) => name.includes('undici'));
    await this.wfile.write(JSON.stringify([error.name, isOurs, loadsClient]));
  }
}

if (import.meta.main) {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    await using server = new Server(['127.0.0.1', 0], Footprint);
    const loop = server.serveForever();
    const client = await connect(server.serverAddress);
    client.shutdown('write');
    console.log(String(await client.recv(100)));
    client.close();
    await server.shutdown();
    await loop;
  }
}
`;

describe('the packed library, installed by somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'socketserver-consumer-'));
  const run = (command: string, args: readonly string[], cwd = folder) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  before(() => {
    // Of a copy: packing sets a field of package.json for a while, and other tests may read or pack the same package.
    const copy = join(folder, 'copy');
    cpSync(packageFolder, copy, { recursive: true, filter: (path) => !/\/(node_modules|test)$/.test(path) });
    const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], copy)) as
      { filename: string }[] | Record<string, { filename: string }>;
    const { filename } = Object.values(packed)[0]!;
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('runs an echo server from JavaScript', () => {
    writeFileSync(join(folder, 'program.js'), program(false));
    assert.equal(run(process.execPath, ['program.js']), 'hello\n'.repeat(4));
  });

  it('runs an echo server from TypeScript, and its types fit under nodenext', () => {
    writeFileSync(join(folder, 'program.ts'), program(true));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'esnext',
          strict: true,
          exactOptionalPropertyTypes: true,
          noImplicitOverride: true,
          noEmit: true,
          types: ['node'],
        },
        files: ['program.ts'],
      }),
    );
    for (const name of ['@types', 'undici-types', 'typescript']) {
      symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name));
    }
    run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    assert.equal(run(process.execPath, ['program.ts']), 'hello\n'.repeat(4));
  });

  it('calls its classes what they are exported as', () => {
    const names = `
      for (const door of ['socketserver', 'socketserver/client', 'socketserver/testing']) {
        for (const [name, value] of Object.entries(await import(door))) {
          if (/^class /.test(String(value)) && value.name !== name) console.log(name, value.name);
        }
      }`;
    assert.equal(run(process.execPath, ['--input-type=module', '--eval', names]), '');
  });

  it('serves in threads and processes with a handler from built JavaScript', () => {
    writeFileSync(join(folder, 'workers.js'), workersProgram);
    assert.equal(run(process.execPath, ['workers.js']), 'true\ntrue\n');
  });

  it('is the same library for a handler and for the worker that serves it, and loads no HTTP client', () => {
    writeFileSync(join(folder, 'footprint.js'), footprintProgram);
    const each = '["IncompleteReadError",true,false]\n';
    assert.equal(run(process.execPath, ['footprint.js']), each + each);
  });

  it('says which Node it needs', () => {
    const manifest = JSON.parse(
      readFileSync(join(folder, 'node_modules/socketserver/package.json'), 'utf8'),
    ) as { engines: { node: string }; dependencies?: object };
    assert.equal(manifest.engines.node, '>=24.20');
    assert.equal(manifest.dependencies, undefined, 'the library has no required dependency');
  });

  it('shows only its public doors', () => {
    writeFileSync(
      join(folder, 'inside.js'),
      "import('socketserver/dist/request/stream-socket.js').catch((error) => console.log(error.code));",
    );
    assert.equal(run(process.execPath, ['inside.js']), 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });
});

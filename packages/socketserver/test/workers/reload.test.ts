import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  ForkingTCPServer,
  type StreamHandlerClass,
  type InetAddress,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';

const address = ['127.0.0.1', 0] as const;
const library = new URL('../../src/index.ts', import.meta.url).href;

/** How long the load lasts at least, and how often the code changes meanwhile: about once a second in the long form. */
const loadMs = Number(process.env['SOCKETSERVER_LOAD_SECONDS'] ?? 2) * 1_000;
const reloads = Math.max(3, Math.floor(loadMs / 1_000) - 1);

/** Requests at least that are answered between two changes, however slow the machine is. */
const requestsBetween = 10;

/** A handler's module on disk, whose handlers answer each line with the number of its version. */
class VersionedModule implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'socketserver-reload-'));
  readonly #file = join(this.#directory, 'versioned.mjs');

  write(version: number): void {
    writeFileSync(this.#file, source(version));
  }

  spoil(): void {
    writeFileSync(this.#file, 'export class Versioned {');
  }

  async load(): Promise<StreamHandlerClass<InetAddress> & { readonly module: string }> {
    const { Versioned } = (await import(pathToFileURL(this.#file).href)) as { Versioned: never };
    return Versioned;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

function source(version: number): string {
  return `
    import { StreamRequestHandler } from ${JSON.stringify(library)};
    export class Versioned extends StreamRequestHandler {
      static module = import.meta.url;
      async handle() {
        for await (const _ of this.rfile) await this.wfile.write('${version}\\n');
      }
    }
  `;
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    describe(`reload of ${Server.name} on the ${engineName} engine`, () => {
      it('serves with the code that is on disk now, and old connections with theirs', async () => {
        using module = new VersionedModule();
        module.write(1);
        const server = new Server(address, await module.load(), { engine });
        await using _ = serving(server);
        await using old = await LineClient.to(server, engine);
        assert.equal(await old.ask('?'), '1');
        module.write(2);
        await server.reload();
        await using fresh = await LineClient.to(server, engine);
        assert.equal(await fresh.ask('?'), '2');
        assert.equal(await old.ask('?'), '1');
      });

      it('ends old connections after drainMs, if that is given', async () => {
        using module = new VersionedModule();
        module.write(1);
        const server = new Server(address, await module.load(), { engine });
        server.handleError = () => {};
        await using _ = serving(server);
        await using old = await LineClient.to(server, engine);
        await old.ask('?');
        await server.reload({ drainMs: 10 });
        assert.equal(await old.next(), '');
      });

      it('rejects when the code cannot be loaded, and the old workers stay', async () => {
        using module = new VersionedModule();
        module.write(1);
        const server = new Server(address, await module.load(), {
          engine,
          workers: { max: 1, requestsPerWorker: 2 },
        });
        await using _ = serving(server);
        using stderr = captureStderr();
        await using before = await LineClient.to(server, engine);
        await before.ask('?');
        module.spoil();
        await assert.rejects(server.reload(), {
          code: 'HANDLER_MODULE',
          message: /versioned\.mjs cannot be imported/,
        });
        await using after = await LineClient.to(server, engine);
        assert.equal(await after.ask('?'), '1');
        assert.equal(stderr.text(), '', 'the caller of reload() has the error');
      });

      it('loses no request under load, however often the code changes meanwhile', async () => {
        using module = new VersionedModule();
        module.write(1);
        const server = new Server(address, await module.load(), {
          engine,
          workers: { min: 2, max: 4, requestsPerWorker: 8 },
        });
        await using _ = serving(server);
        let asked = 0;
        const load = { isOver: false };
        const short = async (): Promise<void> => {
          for (let last = 0; !load.isOver; asked += 1) {
            await using client = await LineClient.to(server, engine);
            const version = Number(await client.ask('?'));
            assert.ok(version >= last, `version ${version} after ${last}`);
            last = Math.max(last, version - 1); // two generations may serve for a moment
          }
        };
        const long = async (): Promise<void> => {
          await using client = await LineClient.to(server, engine);
          const version = await client.ask('?');
          for (; !load.isOver; asked += 1) assert.equal(await client.ask('?'), version);
        };
        const change = async (version: number): Promise<void> => {
          const before = asked;
          await Promise.all([
            delay(loadMs / (reloads + 1)),
            until(() => asked >= before + requestsBetween, 1),
          ]);
          if (version > 1 + reloads) return;
          module.write(version);
          await server.reload();
          await using fresh = await LineClient.to(server, engine);
          assert.equal(await fresh.ask('?'), `${version}`);
        };
        const changes = async (): Promise<void> => {
          for (let version = 2; version <= reloads + 2; version += 1) await change(version);
          load.isOver = true;
        };
        await Promise.all([changes(), short(), short(), short(), short(), long(), long()]);
        assert.equal(server.stats().failed, 0);
      });
    });
  }
}

describe('reloadSignal', { skip: process.platform === 'win32' }, () => {
  it('reloads the workers', async () => {
    using module = new VersionedModule();
    module.write(1);
    const server = new ThreadingTCPServer(address, await module.load(), { reloadSignal: 'SIGHUP' });
    await using loop = serving(server);
    module.write(2);
    process.kill(process.pid, 'SIGHUP');
    for (let version = ''; version !== '2';) {
      await using client = await LineClient.to(server, 'node');
      version = await client.ask('?');
    }
    await loop[Symbol.asyncDispose]();
    assert.equal(process.listenerCount('SIGHUP'), 0);
  });
});

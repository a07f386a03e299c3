import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  connect,
  ForkingTCPServer,
  HandlerModuleError,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { createMemoryEngine } from '../../src/testing/index.ts';
import { ExitsOnImport } from './handlers/misuse/exits-on-import.ts';
import { NoModule } from './handlers/misuse/no-module.ts';
import { Renamed } from './handlers/misuse/not-exported.ts';
import { ThrowsOnImport } from './handlers/misuse/throws-on-import.ts';

const address = ['127.0.0.1', 0] as const;

for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
  const construct = (handler: unknown) => () =>
    // @ts-expect-error -- what JavaScript users can do
    new Server(address, handler);

  describe(`a handler class for ${Server.name}`, () => {
    it('must say where it is, or the constructor throws and shows how', () => {
      assert.throws(construct(NoModule), {
        name: 'TypeError',
        message:
          `Cannot construct ${Server.name}: NoModule must say which module exports it, so that workers can load it;` +
          ' add to the class: static readonly module = import.meta.url;',
      });
    });

    it('must have a name and a module that is a file', () => {
      assert.throws(construct(class extends BaseRequestHandler {}), /must have a name/);
      class Relative extends BaseRequestHandler {
        static override readonly module = './handler.js';
      }
      assert.throws(
        construct(Relative),
        /Relative\.module must be import\.meta\.url of its module, got '\.\/handler/,
      );
      class Gone extends BaseRequestHandler {
        static override readonly module = import.meta.url.replace('handler-module', 'gone');
      }
      assert.throws(construct(Gone), {
        code: 'HANDLER_MODULE',
        message: /the module of Gone does not exist: file:.*gone/,
      });
      assert.throws(construct('Gone'), /RequestHandlerClass must be a class, got string/);
    });

    it('must be exported under its name, or serveForever rejects and says what there is', async () => {
      const server = new Server(address, Renamed);
      await assert.rejects(server.serveForever(), {
        code: 'HANDLER_MODULE',
        message:
          /cannot load NotExported: its module file:.*not-exported\.ts must export it under this name \(export class NotExported \.\.\.\), got Renamed/,
      });
      await server.serverClose();
    });

    it('must be in a module that can be imported', async () => {
      const server = new Server(address, ThrowsOnImport);
      const client = await connect(server.serverAddress);
      await assert.rejects(server.serveForever(), (error) => {
        assert.ok(error instanceof HandlerModuleError);
        assert.match(
          error.message,
          /cannot load ThrowsOnImport.*throws-on-import\.ts cannot be imported: no database/,
        );
        assert.equal((error.cause as Error).message, 'no database here');
        assert.equal(error.className, 'ThrowsOnImport');
        assert.match(error.module, /^file:.*throws-on-import\.ts$/);
        return true;
      });
      await server.serverClose();
      await client.recv(1).catch(() => undefined);
      client.close();
    });

    it('must be in a module that does not end the process', async () => {
      const server = new Server(address, ExitsOnImport);
      await assert.rejects(server.serveForever(), {
        code: 'HANDLER_MODULE',
        message:
          /cannot load ExitsOnImport: the \w+ that imported its module file:.*exits-on-import\.ts exited with status 3/,
      });
      await server.serverClose();
    });

    it('cannot be served from memory, which no other thread sees', () => {
      assert.throws(() => new Server(address, ThrowsOnImport, { engine: createMemoryEngine() }), {
        message: `Cannot construct ${Server.name}: options.engine must have sockets, which can go to workers, got 'memory'`,
      });
    });

    it('may be in the same file as the program', async () => {
      const file = join(import.meta.dirname, 'programs/guarded.ts');
      const child = spawn(process.execPath, [file, Server.name], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      assert.equal(await text(child.stdout), 'FROM THE SAME FILE\n');
      assert.deepEqual(await exited, [0, null]);
    });

    for (const program of ['unguarded.ts', 'unguarded-later.ts']) {
      it(`must not start its server in a worker too: ${program} ends, and says what to write`, async () => {
        const file = join(import.meta.dirname, 'handlers/misuse', program);
        const child = spawn(process.execPath, [file, Server.name], { stdio: ['ignore', 'ignore', 'pipe'] });
        const exited = once(child, 'exit');
        const output = await text(child.stderr);
        assert.match(output, /HANDLER_MODULE/);
        assert.match(output, /if \(import\.meta\.main\) \{ \.\.\. \}/);
        assert.match(output, new RegExp(`unguarded.*${program.slice(9)}`));
        assert.deepEqual(await exited, [1, null]);
      });
    }
  });
}

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import process from 'node:process';
import { describe, it } from 'node:test';
import {
  ForkingTCPServer,
  formatAddress,
  ThreadingTCPServer,
  type WorkerLostError,
  type WorkerLostEvent,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from '../workers/handlers/reckless.ts';
import { until } from '../support/until.ts';

const address = ['127.0.0.1', 0] as const;
const heapLimit = { resourceLimits: { maxOldGenerationSizeMb: 32 } };

/** What a client may ask of its handler, and how its worker is reported lost. */
const faults = {
  thread: [
    ['exit 7', { reason: 'exit', exitCode: 7 }],
    ['uncaught', { reason: 'error', exitCode: 1 }],
    ['heap', { reason: 'error', exitCode: 1 }],
  ],
  process: [
    ['exit 7', { reason: 'exit', exitCode: 7 }],
    ['uncaught', { reason: 'error', exitCode: 1 }],
    ['heap', { reason: 'signal', signal: 'SIGABRT' }],
    ['abort', { reason: 'signal', signal: 'SIGABRT' }],
    ['kill', { reason: 'signal', signal: 'SIGKILL' }],
  ],
} as const;

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    const kind = Server === ThreadingTCPServer ? 'thread' : 'process';

    describe(`a lost ${kind} of ${Server.name} on the ${engineName} engine`, () => {
      for (const [command, expected] of faults[kind]) {
        it(`after '${command}' is reported with its client, whose connection ends, and is replaced`, async () => {
          const errors = new ErrorCollector();
          const server = new Server(address, Reckless, { engine, workers: { min: 2, ...heapLimit } });
          server.handleError = errors.handleError;
          await using _ = serving(server);
          // The same number of requests in each worker, so that the two meet different ones.
          await using bystander = await LineClient.to(server, engine);
          const home = await bystander.ask('where');
          await using victim = await elsewhere(server, home);
          const doomed = await victim.ask('where');
          assert.notEqual(doomed, home);
          await victim.tell(command);
          assert.equal(await victim.next(), '');
          const { clientAddress, error } = await errors.next();
          assert.deepEqual(clientAddress, victim.socket.getsockname());
          const lost = error as WorkerLostError;
          assert.equal(lost.code, 'WORKER_LOST');
          assert.equal(lost.kind, kind);
          assert.equal(`${lost.worker}`, doomed.split(' ')[kind === 'process' ? 0 : 1]);
          const { reason, exitCode, signal } = lost;
          assert.deepEqual(
            { reason, exitCode, signal },
            { exitCode: undefined, signal: undefined, ...expected },
          );
          if (command === 'uncaught') assert.equal((lost.cause as NodeJS.ErrnoException).code, 'EUNCAUGHT');
          assert.equal(await bystander.ask('still there'), 'still');
          await using next = await LineClient.to(server, engine);
          assert.equal(await next.ask('fresh'), 'fresh');
        });
      }

      it('costs nothing when only the stack of the handler overflows', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        await using client = await LineClient.to(server, engine);
        await client.tell('stack');
        const { error } = await errors.next();
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /call stack/);
        assert.equal(server.stats().workers[0]!.restarts, 0);
      });

      it('is replaced ever more slowly in a crash loop, which is published and printed', async () => {
        const pauses: number[] = [];
        const note = (event: unknown): void => void pauses.push((event as WorkerLostEvent).retryMs);
        subscribe('socketserver:worker:lost', note);
        using stderr = captureStderr();
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        for (let round = 0; round < 6; round += 1) {
          await using client = await LineClient.to(server, engine);
          await client.tell('exit 1');
          await errors.next();
        }
        unsubscribe('socketserver:worker:lost', note);
        assert.deepEqual(pauses, [0, 100, 200, 400, 500, 500], 'others wait no longer than that');
        const where = formatAddress(server.serverAddress);
        assert.match(stderr.text(), new RegExp(`the workers of ${where}; the next one starts in 100 ms`));
        assert.match(stderr.text(), /WorkerLostError: .* exited with status 1/);
      });

      if (kind === 'process') {
        it('is replaced, though it is killed from outside while it starts, and there is no other', async () => {
          const server = new Server(address, Reckless, { engine, workers: { max: 1 } });
          server.handleError = () => {};
          server.handleWorkerLost = () => {};
          await using _ = serving(server);
          await using victim = await LineClient.to(server, engine);
          await victim.ask('kill');
          await until(() => server.stats().workers[0]?.state === 'starting');
          const { id } = server.stats().workers[0]!;
          assert.ok(id > 0);
          process.kill(id, 'SIGKILL');
          await using next = await LineClient.to(server, engine);
          assert.equal(await next.ask('fresh'), 'fresh');
        });
      }

      if (kind === 'thread') {
        it('is replaced as crashed ones are, though it had just served its last request', async () => {
          const server = new Server(address, Reckless, { engine, workers: { max: 1, maxRequests: 1 } });
          const lost = Promise.withResolvers<number>();
          const note = (): void => lost.resolve(server.stats().workers.length);
          subscribe('socketserver:worker:lost', note);
          server.handleWorkerLost = () => {};
          await using _ = serving(server);
          await using client = await LineClient.to(server, engine);
          await client.tell('leave 1');
          assert.equal(await lost.promise, 0, 'nothing was started before the pause was known');
          unsubscribe('socketserver:worker:lost', note);
          await using next = await LineClient.to(server, engine);
          assert.equal(await next.ask('fresh'), 'fresh');
        });
      }

      it('takes connections along that were on their way to it: each is answered or ended', async () => {
        const server = new Server(address, Reckless, {
          engine,
          workers: { min: 1, max: 1, requestsPerWorker: 100 },
        });
        server.handleError = () => {};
        server.handleWorkerLost = () => {};
        await using _ = serving(server);
        for (let round = 0; round < 5; round += 1) {
          await using victim = await LineClient.to(server, engine);
          await victim.ask('hello');
          const last = victim.tell('exit 0');
          const others = await Promise.all(Array.from({ length: 20 }, () => LineClient.to(server, engine)));
          await last;
          const answers = await Promise.all(others.map((other) => other.ask('hello')));
          for (const answer of answers) assert.ok(answer === 'hello' || answer === '');
          for (const { socket } of others) socket.close();
        }
      });

      it('tells whose requests are lost in the order in which they came', async () => {
        const lost = Promise.withResolvers<WorkerLostEvent>();
        const note = (event: unknown): void => lost.resolve(event as WorkerLostEvent);
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, {
          engine,
          workers: { min: 1, max: 1, requestsPerWorker: 100 },
        });
        server.handleError = errors.handleError;
        server.handleWorkerLost = () => {};
        await using _ = serving(server);
        const clients: LineClient[] = [];
        for (let count = 0; count < 40; count += 1) {
          const client = await LineClient.to(server, engine);
          await client.ask('hello');
          if (count < 25) client.socket.close();
          else clients.push(client);
        }
        await until(() => server.stats().active === clients.length);
        subscribe('socketserver:worker:lost', note);
        const addresses = clients.map(({ socket }) => socket.getsockname());
        await clients[7]!.tell('exit 0');
        assert.deepEqual((await lost.promise).lostRequests, addresses);
        unsubscribe('socketserver:worker:lost', note);
        await until(() => errors.all.length === clients.length);
        assert.deepEqual(
          errors.all.map(({ clientAddress }) => clientAddress),
          addresses,
        );
        for (const { socket } of clients) socket.close();
      });

      it('leaves the children of the program itself alone', async () => {
        const own: ChildProcess = spawn('/bin/sh', ['-c', 'read _; exit 72'], {
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        const exited = once(own, 'exit');
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine });
        server.handleError = errors.handleError;
        const loop = serving(server);
        await using client = await LineClient.to(server, engine);
        await client.tell('exit 0');
        await errors.next();
        await loop[Symbol.asyncDispose]();
        own.stdin!.end('\n');
        assert.deepEqual(await exited, [72, null]);
      });
    });

    /** Connects until somebody else than the worker `home` answers, and gives that client. */
    async function elsewhere(server: InstanceType<typeof Server>, home: string): Promise<LineClient> {
      let client: LineClient | undefined;
      await until(async () => {
        client?.socket.close();
        client = await LineClient.to(server, engine);
        return (await client.ask('where')) !== home;
      });
      return client!;
    }
  }
}

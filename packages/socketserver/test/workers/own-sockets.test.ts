import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import {
  ForkingUDPServer,
  type InetAddress,
  ThreadingUDPServer,
  type DatagramTruncatedEvent,
} from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Obey } from './handlers/datagrams.ts';

const address = ['127.0.0.1', 0] as const;

/** As many as make it certain that the kernel gives some to each socket. */
const crowd = 60;

type AnyServer = InstanceType<typeof ThreadingUDPServer> | InstanceType<typeof ForkingUDPServer>;

/** Clients with a port each, which is what the kernel spreads by. */
class Clients implements AsyncDisposable {
  readonly all: readonly DatagramClient[];

  constructor(count = crowd) {
    this.all = Array.from({ length: count }, () => new DatagramClient());
  }

  askAll(word: string, to: InetAddress): Promise<string[]> {
    return Promise.all(this.all.map((client) => client.ask(word, to)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((client) => client[Symbol.asyncDispose]()));
  }
}

/** Waits until `count` workers receive. */
async function ready(server: AnyServer, count: number): Promise<void> {
  const isReady = ({ state }: { readonly state: string }): boolean => state === 'ready';
  await until(() => server.stats().workers.filter(isReady).length === count);
}

/** Counts the datagrams that the server itself takes and hands to its workers. */
function countHanded(server: AnyServer): () => number {
  const packing = server as unknown as { packRequest: (...args: unknown[]) => unknown };
  const pack = packing.packRequest.bind(server);
  let count = 0;
  packing.packRequest = (...args) => {
    count += 1;
    return pack(...args);
  };
  return () => count;
}

/** A client whose datagrams a worker receives itself. */
async function ownClient(clients: Clients, server: AnyServer): Promise<DatagramClient> {
  const handed = countHanded(server);
  for (const client of clients.all) {
    const before = handed();
    await client.ask('where', server.serverAddress);
    if (handed() === before) return client;
  }
  throw new Error('every datagram came by the server');
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingUDPServer, ForkingUDPServer]) {
    const isFork = Server === ForkingUDPServer;
    const options = { engine, allowReusePort: true, workers: { max: 2, min: 2 } };

    describe(`${Server.name} with allowReusePort on the ${engineName} engine`, () => {
      it('receives in each worker, and counts what came there', async () => {
        const server = new Server(address, Obey, options);
        const handed = countHanded(server);
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients();
        const ids = new Set<number>();
        let asked = 0;
        // A worker that is ready binds its socket next: until then the others get everything.
        for (; (ids.size < 2 || handed() === asked) && asked < 50 * crowd; asked += crowd) {
          const answers = await clients.askAll('where', server.serverAddress);
          for (const answer of answers) ids.add(Number(answer.split(' ')[isFork ? 0 : 1]));
        }
        const { workers } = server.stats();
        assert.deepEqual(ids, new Set(workers.map(({ id }) => id)));
        assert.ok(handed() < asked, `${handed()} of ${asked} came by the server`);
        await until(() => server.stats().served === asked);
        const { accepted, failed, active, workers: after } = server.stats();
        assert.deepEqual({ accepted, failed, active }, { accepted: asked, failed: 0, active: 0 });
        assert.equal(
          after.reduce((sum, { served }) => sum + served, 0),
          asked,
        );
      });

      it('answers from its own address, whoever received', async () => {
        const server = new Server(address, Obey, options);
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients(20);
        for (const client of clients.all) {
          await client.send('word', server.serverAddress);
          const [answer, sender] = await client.next();
          assert.equal(answer.toString(), `4 false ${server.serverAddress[1]}`);
          assert.deepEqual(sender, server.serverAddress);
        }
      });

      it('starts a worker per core with the loop, as far as max allows', async () => {
        const server = new Server(address, Obey, { engine, allowReusePort: true });
        await using _ = serving(server);
        await ready(server, availableParallelism());
      });

      it('brings the error of each handler to handleError, with its datagram', async () => {
        const errors: string[] = [];
        const server = new Server(address, Obey, options);
        server.handleError = ([data], [, port], error) => {
          errors.push(`${port} ${data.toString()} ${String((error as NodeJS.ErrnoException).code)}`);
        };
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients();
        for (const client of clients.all) await client.send('fail', server.serverAddress);
        await until(() => errors.length === crowd);
        const expected = clients.all.map((client) => `${client.address[1]} fail EWORD`);
        assert.deepEqual(errors.toSorted(), expected.toSorted());
        assert.equal(server.stats().failed, crowd);
      });

      it('publishes what was cut', async () => {
        const cut: unknown[] = [];
        const note = (event: unknown): void => void cut.push((event as DatagramTruncatedEvent).clientAddress);
        subscribe('socketserver:datagram:truncated', note);
        const server = new Server(address, Obey, { ...options, maxPacketSize: 3 });
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients(20);
        const answers = await clients.askAll('longer', server.serverAddress);
        for (const answer of answers) assert.match(answer, /^3 true/);
        await until(() => cut.length === 20);
        unsubscribe('socketserver:datagram:truncated', note);
      });

      it('loses the datagram of a lost worker, tells whose, and nothing else', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Obey, options);
        server.handleError = errors.handleError;
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients();
        const victim = await ownClient(clients, server);
        await victim.send('exit', server.serverAddress);
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, victim.address);
        assert.equal(error.code, 'WORKER_LOST');
        await clients.askAll('where', server.serverAddress);
        await ready(server, 2);
        await clients.askAll('where', server.serverAddress);
        assert.equal(server.stats().failed, 1);
      });

      it('lets handlers answer while it drains, though their own sockets are closed', async () => {
        const server = new Server(address, Obey, options);
        const loop = server.serveForever();
        await ready(server, 2);
        await using clients = new Clients();
        const client = await ownClient(clients, server);
        assert.equal(await client.ask('hold', server.serverAddress), 'holding');
        await until(() => server.activeRequests === 1);
        const closed = server.serverClose();
        const [answer, sender] = await client.next();
        assert.equal(answer.toString(), 'let go');
        assert.deepEqual(sender, server.serverAddress);
        await closed;
        await loop;
        assert.equal(server.stats().failed, 0);
        assert.equal(server.stats().active, 0);
      });

      it('closes when a handler does not listen, once drainMs have passed', async () => {
        const server = new Server(address, Obey, { ...options, timeouts: { drainMs: 20 } });
        server.handleError = () => {};
        const loop = server.serveForever();
        await ready(server, 2);
        await using clients = new Clients();
        const client = await ownClient(clients, server);
        assert.equal(await client.ask('deaf', server.serverAddress), 'deaf');
        await server.serverClose();
        await loop;
      });

      it('brings up sockets of fresh workers before the old ones close theirs', async () => {
        const server = new Server(address, Obey, options);
        server.handleError = () => {};
        await using _ = serving(server);
        await ready(server, 2);
        await using clients = new Clients();
        const holder = await ownClient(clients, server);
        assert.equal(await holder.ask('hold', server.serverAddress), 'holding');
        const old = new Set(server.stats().workers.map(({ id }) => id));
        await server.reload();
        await until(() => server.stats().workers.length === 3); // the holder's stays
        await using others = new Clients();
        const answers = await others.askAll('where', server.serverAddress);
        const fresh = new Set(answers.map((answer) => Number(answer.split(' ')[isFork ? 0 : 1])));
        assert.equal(fresh.size, 2);
        assert.ok(![...fresh].some((id) => old.has(id)));
      });

      it('loses nothing when the sockets of its workers close', async () => {
        await using server = new Server(address, Obey, options);
        await using clients = new Clients();
        let loop = server.serveForever();
        await ready(server, 2);
        for (let round = 0; round < 10; round += 1) {
          const sent = clients.all.map((client) => client.send('where', server.serverAddress));
          await server.shutdown();
          await loop;
          await Promise.all(sent);
          loop = server.serveForever();
          await Promise.all(clients.all.map((client) => client.next()));
        }
        const reloaded = server.reload().then(() => true);
        for (let isReloaded = false; !isReloaded; isReloaded = await Promise.race([reloaded, false])) {
          await clients.askAll('where', server.serverAddress);
        }
        for (let round = 0; round < 5; round += 1) await clients.askAll('where', server.serverAddress);
      });

      it('has no worker receive in handleRequest(), and has them receive again after a shutdown()', async () => {
        await using server = new Server(address, Obey, options);
        await using clients = new Clients(20);
        const one = server.handleRequest();
        await ready(server, 2);
        for (const client of clients.all) await client.send('where', server.serverAddress);
        await one;
        await until(() => server.stats().served === 1);
        assert.equal(server.stats().accepted, 1);
        const loop = server.serveForever();
        await Promise.all(clients.all.map((client) => client.next()));
        await ready(server, 2);
        assert.equal(await clients.all[0]!.ask('shutdown', server.serverAddress), 'shut down');
        await loop;
        await until(() => server.stats().served === 21);
        const handed = countHanded(server);
        await using _ = serving(server);
        await using others = new Clients();
        let isOwn = false;
        for (let round = 0; round < 50 && !isOwn; round += 1) {
          const before = handed();
          await others.askAll('where', server.serverAddress);
          isOwn = handed() - before < crowd;
        }
        assert.ok(isOwn, 'every datagram came by the server');
      });

      it('serves no more at once than requestsPerWorker, from both sockets', async () => {
        const workers = { max: 1, requestsPerWorker: 1 };
        const server = new Server(address, Obey, { ...options, workers });
        await using _ = serving(server);
        await ready(server, 1);
        await using clients = new Clients(20);
        const answers = await clients.askAll('crowd', server.serverAddress);
        assert.deepEqual(new Set(answers), new Set(['1']));
      });

      it('refuses hooks that datagrams of workers would pass by, and leaves nothing open', async () => {
        class Choosy extends (Server as typeof ThreadingUDPServer) {
          override verifyRequest() {
            return false;
          }
        }
        const refusal = {
          name: 'TypeError',
          message: /allowReusePort: Choosy\.verifyRequest must not be overridden/,
        };
        assert.throws(() => new Choosy(address, Obey, options), refusal);
        await using allowed = new Choosy(address, Obey, { engine });
        await using late = new Server(address, Obey, options);
        late.verifyRequest = () => false;
        await assert.rejects(late.serveForever(), { name: 'TypeError' });
        assert.notEqual(allowed.fileno(), late.fileno());
      });
    });
  }
}

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  connect,
  ForkingTCPServer,
  ForkingUDPServer,
  type HandleContext,
  handleTracing,
  type InetAddress,
  TCPServer,
  ThreadingTCPServer,
  ThreadingUDPServer,
  UDPServer,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import './traced/bind-request-store.ts';
import { TellDatagramStore, TellStore } from './traced/tell-store.ts';

const address = ['127.0.0.1', 0] as const;
const steps = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** In workers the store is bound by a module that they import first; here by the import above. */
const workers = { execArgv: ['--import', new URL('./traced/bind-request-store.ts', import.meta.url).href] };
async function ask(server: { readonly serverAddress: InetAddress }): Promise<string> {
  await using client = await connect(server.serverAddress);
  await client.sendall('?');
  return (await readAll(client)).toString();
}

describe('a store bound to tracing:socketserver:handle:start', () => {
  for (const [name, create] of [
    ['TCPServer', () => new TCPServer(address, TellStore)],
    ['ConcurrentTCPServer', () => new ConcurrentTCPServer(address, TellStore)],
    ['ThreadingTCPServer', () => new ThreadingTCPServer(address, TellStore, { workers })],
    ['ForkingTCPServer', () => new ForkingTCPServer(address, TellStore, { workers })],
  ] as const) {
    it(`is the handler's, in a ${name}`, async () => {
      const server = create();
      await using _ = serving(server);
      assert.equal(await ask(server), 'TellStore 1');
      const both = [ask(server), ask(server)];
      assert.deepEqual((await Promise.all(both)).toSorted(), ['TellStore 2', 'TellStore 3']);
    });
  }

  for (const [name, create] of [
    ['UDPServer', () => new UDPServer(address, TellDatagramStore)],
    ['ConcurrentUDPServer', () => new ConcurrentUDPServer(address, TellDatagramStore)],
    ['ThreadingUDPServer', () => new ThreadingUDPServer(address, TellDatagramStore, { workers })],
    ['ForkingUDPServer', () => new ForkingUDPServer(address, TellDatagramStore, { workers })],
  ] as const) {
    it(`is the handler's, in a ${name}`, async () => {
      const server = create();
      await using _ = serving(server);
      await using client = new DatagramClient();
      assert.equal(await client.ask('?', server.serverAddress), 'TellDatagramStore 1');
      assert.equal(await client.ask('?', server.serverAddress), 'TellDatagramStore 2');
    });
  }
});

describe('the events of tracing:socketserver:handle', () => {
  const seen: string[] = [];
  const contexts = new Set<HandleContext>();
  const subscribers = Object.fromEntries(
    steps.map((step) => [
      step,
      (context: HandleContext) => {
        seen.push(step);
        contexts.add(context);
      },
    ]),
  ) as Record<(typeof steps)[number], (context: HandleContext) => void>;

  afterEach(() => {
    handleTracing.unsubscribe(subscribers);
    seen.length = 0;
    contexts.clear();
  });

  async function trace(handle: () => Promise<void> | void) {
    class Traced extends BaseRequestHandler {
      override handle() {
        return handle();
      }
    }
    const server = new TCPServer(address, Traced);
    handleTracing.subscribe(subscribers);
    await using _ = serving(server);
    await using client = await connect(server.serverAddress);
    await readAll(client);
    return { server, clientAddress: client.getsockname() };
  }

  it('tell of a run once, with one context that says whose it is', async () => {
    const { server, clientAddress } = await trace(async () => {});
    assert.deepEqual(seen, ['start', 'end', 'asyncStart', 'asyncEnd']);
    assert.equal(contexts.size, 1);
    const [context] = contexts;
    assert.equal(context!.id, 1);
    assert.equal(context!.handlerName, 'Traced');
    assert.deepEqual(context!.clientAddress, clientAddress);
    assert.deepEqual(context!.serverAddress, server.serverAddress);
    assert.equal('error' in context!, false);
  });

  for (const [how, handle] of [
    ['at once', () => assert.fail('as asked')],
    ['later', async () => assert.fail('as asked')],
  ] as const) {
    it(`tell of an error that is thrown ${how}`, async () => {
      using stderr = captureStderr();
      await trace(handle);
      assert.match(stderr.text(), /as asked/);
      assert.deepEqual(seen, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      assert.match(String([...contexts][0]!.error), /as asked/);
    });
  }
});

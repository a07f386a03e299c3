import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Loan, LoanState, SocketAddress } from '../lib/contract.ts';
import { createNativeEngine } from '../lib/index.ts';
import { LOOPBACK, accept, client, listen, openDescriptors, readToEnd } from './support/sockets.ts';
import { until } from '../../socketserver/test/support/until.ts';

const engine = createNativeEngine();
const FAR_SHORE = new URL('./support/far-shore.ts', import.meta.url);
const terms = { number: 7, after: 0, quota: 100 };

async function farShore(crossing: number): Promise<Worker> {
  const thread = new Worker(FAR_SHORE, { workerData: { crossing } });
  await once(thread, 'message');
  return thread;
}

interface Look {
  readonly state: LoanState;
  readonly clients: (readonly [number: number, address: SocketAddress])[];
}

function look(loan: Loan): Look {
  const clients: [number, SocketAddress][] = [];
  const state = loan.look((number, address) => clients.push([number, address]));
  return { state, clients };
}

test('a thread accepts the clients of a listener on loan, and the lender learns who they are', async () => {
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const listener = listen();
  const loan = crossing.lend(listener, terms)!;
  const peers = [await client(listener.address), await client(listener.address)];
  const addresses = peers.map((peer) => peer.address() as { readonly port: number });
  for (const peer of peers) peer.end('lent');
  for (const peer of peers) assert.equal((await readToEnd(peer)).toString(), 'lent');
  assert.deepEqual(look(loan), {
    state: 'out',
    clients: addresses.map(({ port }, index) => [7 + index, ['127.0.0.1', port]]),
  });
  assert.ok(loan.cpuMs > 0);
  assert.equal(loan.end(), 9);
  assert.deepEqual(look(loan), { state: 'over', clients: [] });
  const peer = await client(listener.address);
  (await accept(listener)).reset();
  assert.equal(look(loan).clients.length, 0);
  peer.destroy();
  await listener.close();
  await thread.terminate();
  crossing.close();
});

test('clients have different numbers, whichever of several threads takes them', async () => {
  const crossings = [engine.openCrossing(), engine.openCrossing()];
  const threads = await Promise.all(crossings.map(({ number }) => farShore(number)));
  const listener = listen(LOOPBACK, 512);
  const loans = crossings.map((crossing) => crossing.lend(listener, terms)!);
  const peers = await Promise.all(Array.from({ length: 100 }, () => client(listener.address)));
  for (const peer of peers) peer.end('x');
  for (const peer of peers) assert.equal((await readToEnd(peer)).toString(), 'x');
  assert.equal(Math.max(...loans.map((loan) => loan.end())), 107);
  const numbers = loans.flatMap((loan) => look(loan).clients.map(([number]) => number));
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => index + 7),
  );
  await listener.close();
  await Promise.all(threads.map((thread) => thread.terminate()));
  for (const crossing of crossings) crossing.close();
});

test('a thread takes no more than its quota at a time', async () => {
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const listener = listen();
  const loan = crossing.lend(listener, { ...terms, quota: 2 })!;
  const peers = [
    await client(listener.address),
    await client(listener.address),
    await client(listener.address),
  ];
  await until(() => look(loan).state === 'at-quota', 2);
  assert.equal(loan.hasClients, true);
  peers[0]!.end('a');
  assert.equal((await readToEnd(peers[0]!)).toString(), 'a');
  peers[2]!.end('c');
  assert.equal((await readToEnd(peers[2]!)).toString(), 'c');
  peers[1]!.destroy();
  assert.equal(loan.end(), 10);
  await listener.close();
  await thread.terminate();
  crossing.close();
});

test('a loan ends with its thread, and with its listener, and nothing is left of either', async () => {
  const before = openDescriptors();
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const listener = listen();
  const loan = crossing.lend(listener, terms)!;
  const peer = await client(listener.address);
  await until(() => look(loan).clients.length === 1, 2);
  peer.on('error', () => {});
  await thread.terminate();
  assert.equal(look(loan).state, 'over');
  assert.equal(crossing.lend(listener, terms), undefined);
  assert.equal(loan.end(), 8);
  const next = await client(listener.address);
  (await accept(listener)).reset();
  next.destroy();
  peer.destroy();
  crossing.close();

  const second = engine.openCrossing();
  const other = await farShore(second.number);
  const ended = second.lend(listener, terms)!;
  await listener.close();
  assert.equal(look(ended).state, 'over');
  assert.equal(ended.end(), 0); // there is no next client
  second.close();
  await other.terminate();
  await until(() => openDescriptors() <= before);
});

test('a blocked thread does not keep its lender from ending a loan, and takes nobody after that', async () => {
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const listener = listen();
  const loan = crossing.lend(listener, terms)!;
  thread.postMessage('block', []);
  assert.deepEqual(await once(thread, 'message'), ['blocked']);
  const peer = await client(listener.address);
  await until(() => loan.hasClients);
  assert.equal(loan.end(), 7);
  (await accept(listener)).reset();
  peer.destroy();
  await listener.close();
  await thread.terminate();
  crossing.close();
});

test('no loan is given of clients that have no addresses of IPv4, or twice to one thread', async () => {
  const crossing = engine.openCrossing();
  const listener = listen();
  assert.equal(crossing.lend(listener, terms), undefined); // nobody has joined
  const thread = await farShore(crossing.number);
  const ipv6 = listen(['::1', 0]);
  assert.equal(crossing.lend(ipv6, terms), undefined);
  const loan = crossing.lend(listener, terms)!;
  assert.equal(crossing.lend(listener, terms), undefined);
  loan.end();
  await Promise.all([listener.close(), ipv6.close()]);
  await thread.terminate();
  crossing.close();
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../lib/contract.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import { accept, client, listen } from './support/sockets.ts';

/** Sends back what it gets, and never sleeps: so it answers while this process waits awake. Ends with the connection. */
const peerProgram = `
import socket, sys
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
peer.setblocking(False)
while True:
    try:
        received = peer.recv(64)
    except BlockingIOError:
        continue
    if not received:
        break
    peer.send(received)
`;

async function exchange(sink: CollectingSink, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    sink.connection.write(Buffer.from(`ping ${time}`));
    assert.equal(String(await sink.read()), `ping ${time}`);
  }
}

// An idle handle that was left on would keep this process alive for ever.
test('one busy connection leaves timers and other connections their turn, and the process its end', async () => {
  const listener = listen();
  const echoing = spawn('python3', ['-c', peerProgram, String(listener.address[1])], {
    env: { PATH: process.env['PATH'] },
    stdio: 'inherit',
  });
  const ended = once(echoing, 'exit');
  const busy = new CollectingSink(await accept(listener));

  // Pauses fall into all that src/vigil.h tries: 64 times asleep, 64 awake, then what was cheaper.
  for (let chunk = 0; chunk < 12; chunk++) {
    await exchange(busy, 24);
    await sleep(1);
  }
  await exchange(busy, 500);

  let other: Connection | undefined;
  const peer = client(listener.address).then((socket) => socket.end('other'));
  const served = accept(listener).then(async (connection) => {
    other = connection;
    assert.equal(String(await new CollectingSink(connection).readAll()), 'other');
    return 'served';
  });
  const timer = sleep(1, 'fired');
  const done = Promise.all([served, timer]);
  const progress = { isDone: false };
  void done.then(() => (progress.isDone = true));
  while (!progress.isDone) await exchange(busy, 100);
  assert.deepEqual(await done, ['served', 'fired']);

  (await peer).destroy();
  other?.close();
  busy.connection.close();
  await listener.close();
  assert.deepEqual(await ended, [0, null]);
});

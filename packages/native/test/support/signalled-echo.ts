/** Echoes over TCP, and over UDP, and sends itself as a file; says where, and at the end of its input how many signals it was told of. */
import { closeSync, openSync, statSync } from 'node:fs';
import type { Connection } from '../../lib/contract.ts';
import { createNativeEngine } from '../../lib/index.ts';
import { BIND, listen, LOOPBACK } from './sockets.ts';

let signals = 0;
process.on('SIGUSR2', () => (signals += 1));

const listener = listen();
const port = createNativeEngine().bindDatagram(LOOPBACK, {
  ...BIND,
  maxPacketSize: 8192,
  maxPending: 64,
  whenFull: 'drop-oldest',
});

async function sendItself(connection: Connection): Promise<void> {
  const file = openSync(import.meta.filename, 'r');
  await connection.sendFile!(file, 0, statSync(import.meta.filename).size);
  closeSync(file);
  connection.endWrite();
}

function echo(connection: Connection): void {
  connection.start({
    received: (bytes) => (connection.write(Buffer.from(bytes)), true),
    ended: () => void sendItself(connection),
    drained() {},
    closed() {},
  });
  connection.resume();
}

function takeClients(): void {
  for (let next = listener.accept(); next !== undefined; next = listener.accept()) echo(next);
  listener.notify(takeClients);
}

function answerDatagrams(): void {
  for (let next = port.receive(); next !== undefined; next = port.receive()) {
    void port.send(next.bytes, next.remoteAddress);
  }
  port.notify(answerDatagrams);
}

listener.notify(takeClients);
port.notify(answerDatagrams);
process.stdout.write(`${listener.address[1]} ${port.address[1]}\n`);
process.stdin.resume().on('end', () => {
  process.stdout.write(`${signals}\n`, () => process.exit());
});

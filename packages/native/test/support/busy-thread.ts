import { parentPort } from 'node:worker_threads';
import { CollectingSink } from './collecting-sink.ts';
import { createNativeEngine } from '../../lib/index.ts';
import { BIND, LOOPBACK, accept, listen } from './sockets.ts';

/** Opens one of everything, with bytes under way, and waits to be terminated. */
const engine = createNativeEngine();
const listener = listen();
engine.bindDatagram(LOOPBACK, { ...BIND, maxPacketSize: 100, maxPending: 1, whenFull: 'drop-oldest' });
parentPort!.postMessage(listener.address, []);
const sink = new CollectingSink(await accept(listener));
sink.connection.write(Buffer.alloc(32 * 1024 * 1024));
await engine.connect(listener.address);
parentPort!.postMessage('busy', []);
await sink.readAll();

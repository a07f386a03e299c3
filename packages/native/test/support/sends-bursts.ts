/**
 * Sends bursts over the loopback interface that a command sets up, through a send buffer of so many bytes, and says what came.
 * A shell that starts this instead might drop the variable that says which addon to load: its name is none in sh(1).
 */
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createNativeEngine } from '../../lib/index.ts';
import { greet, receiveBurst, sendBurst } from './bursts.ts';
import { BIND, LOOPBACK } from './sockets.ts';

const options = { ...BIND, maxPacketSize: 8192, maxPending: 64, whenFull: 'drop-oldest' } as const;
const [setUp, sendBufferBytes] = [process.argv[2]!, Number(process.argv[3])];
execFileSync('sh', ['-c', setUp]);
const port = createNativeEngine().bindDatagram(LOOPBACK, { ...options, sendBufferBytes });
const client = dgram.createSocket('udp4').bind(0, '127.0.0.1');
await once(client, 'listening');
for (const sizes of [
  [1000, 1000, 1000, 7],
  [900, 900, 20, 20],
  Array.from({ length: 40 }, (_, index) => 1000 + (index >> 2)),
]) {
  const address = await greet(port, client);
  const received = receiveBurst(client, sizes.length);
  sendBurst(port, address, sizes);
  console.log(JSON.stringify(await received));
}
client.close();
await port.close();

// Serves UDP at any address, of which the one that the client wrote to goes while it is answered. Prints who answered what.
import { execFileSync } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { on, once } from 'node:events';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BaseRequestHandler, ConcurrentUDPServer, type DatagramRequest } from '../../../src/index.ts';
import { serving } from '../../support/serving.ts';

const [any = '', own = '', moved = ''] = process.argv.slice(2);
const answered = Promise.withResolvers<void>();

class Loses extends BaseRequestHandler<DatagramRequest> {
  override async handle() {
    const [data, socket] = this.request;
    const say = (text: string | Buffer): Promise<void> => socket.sendto(text, this.clientAddress);
    if (data.toString() === 'after all') return say(data);
    execFileSync('ip', ['addr', 'del', `${moved}/${moved.includes(':') ? 128 : 32}`, 'dev', 'lo']);
    try {
      await say('alone');
      await nextTurn(); // what is sent in one turn may be joined
      await Promise.all([say('joined'), say('joined'), say('joined')]);
      await say(Buffer.from('large'.padEnd(30_000))); // by a call of its own
    } finally {
      answered.resolve();
    }
  }
}

await using server = new ConcurrentUDPServer([any, 0], Loses, { engine: 'native' });
await using _ = serving(server);
const [, port] = server.serverAddress;
const client = createSocket(own.includes(':') ? 'udp6' : 'udp4');
client.bind(0, own);
await once(client, 'listening');
const messages = on(client, 'message');
client.send('go away', port, moved);
await answered.promise;
client.send('after all', port, own);
for await (const [answer, { address }] of messages as AsyncIterable<[Buffer, RemoteInfo]>) {
  const text = answer.toString().trim();
  console.log(`${address} ${text}`);
  if (text === 'after all') break;
}
client.close();

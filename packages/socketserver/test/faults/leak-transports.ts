import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createSecureContext } from 'node:tls';
import { connect, type EngineChoice, type InetAddress, type SocketAddress } from '../../src/index.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { readAll } from '../support/read-all.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { UnixDatagramClient } from '../support/unix-datagram-client.ts';
import { EchoOrHeap, EchoOrHeapOfPackets } from './echo-or-heap.ts';

/** One of the transports, as the servers and clients of the leak tests use it. */
export interface LeakTransport {
  readonly handler: unknown;
  readonly options: object;
  address(directory: string): unknown;
  /** Comes, asks, and leaves. @returns the answer. */
  ask(address: SocketAddress, question: string, engine: EngineChoice): Promise<string>;
  /** Comes, and leaves without a word; of streams only. */
  comeAndGo?(address: SocketAddress, engine: EngineChoice): Promise<void>;
}

const loopback = (): unknown => ['127.0.0.1', 0];

const plain = {
  handler: EchoOrHeap,
  options: {},
  async ask(address, question, engine) {
    const client = await connect(address, { engine });
    await client.sendall(question);
    client.shutdown('write');
    const answer = await readAll(client);
    client.close();
    return answer.toString();
  },
  async comeAndGo(address, engine) {
    const client = await connect(address, { engine });
    client.reset();
  },
} satisfies Omit<LeakTransport, 'address'>;

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
/** One for all clients: each has 100 KiB that are no heap, and of which a collection knows nothing. */
const secureContext = createSecureContext({ ca: authority.cert });
authority[Symbol.dispose]();

let lastPath = 0;

/** By the end of the server class's name. */
export const leakTransports: Readonly<Record<string, LeakTransport>> = {
  TCPServer: { ...plain, address: loopback },
  UnixStreamServer: { ...plain, address: (directory) => join(directory, 's') },
  TLSServer: {
    handler: EchoOrHeap,
    options: { tls: { cert, key } },
    address: loopback,
    async ask(address, question) {
      const client = await connectTLS(address as InetAddress, { secureContext });
      client.end(question);
      const answer = await text(client);
      if (!client.closed) await once(client, 'close');
      return answer;
    },
    async comeAndGo(address) {
      const client = await connectTLS(address as InetAddress, { secureContext });
      client.destroy();
      await once(client, 'close');
    },
  },
  UDPServer: {
    handler: EchoOrHeapOfPackets,
    options: {},
    address: loopback,
    async ask(address, question) {
      await using client = new DatagramClient();
      return await client.ask(question, address as InetAddress);
    },
  },
  UnixDatagramServer: {
    handler: EchoOrHeapOfPackets,
    options: {},
    address: (directory) => join(directory, 'd'),
    async ask(address, question) {
      lastPath += 1;
      await using client = new UnixDatagramClient(`${String(address)}-${lastPath}`);
      await client.send(question, address as string);
      return (await client.next()).bytes.toString();
    },
  },
};

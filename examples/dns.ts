/**
 * A small DNS responder: one table and one function, served over UDP and over TCP.
 *
 *     node examples/dns.ts [host] [port]
 *     dig @127.0.0.1 -p 5353 www.example.test A
 */
import {
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  DatagramRequestHandler,
  formatAddress,
  StreamRequestHandler,
} from 'socketserver';
import { a, readQuery, type ResourceRecord, txt, writeReply } from './dns/message.ts';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

const ttlSeconds = 60;
const zone = new Map<string, readonly ResourceRecord[]>([
  ['www.example.test', [a('192.0.2.1'), a('192.0.2.2'), txt('hello from socketserver')]],
  ['long.example.test', Array.from({ length: 8 }, (_, index) => txt(`${index} `.padEnd(200, 'long ')))],
]);

/** Answers one message in at most `maxBytes`; `undefined` for what is no query. */
export function answer(message: Buffer, maxBytes: number): Buffer | undefined {
  const query = readQuery(message);
  if (query === undefined) return undefined;
  const { opcode, question } = query;
  const empty = { answers: [], ttlSeconds, maxBytes };
  if (opcode !== 0) return writeReply(query, 'notImplemented', empty);
  if (question === undefined) return writeReply(query, 'formatError', empty);
  const records = zone.get(question.name);
  if (records === undefined) return writeReply(query, 'noSuchName', empty);
  const answers = records.filter(({ type }) => type === question.type);
  return writeReply(query, 'ok', { answers, ttlSeconds, maxBytes });
}

export class DNSDatagramHandler extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override handle(): void {
    const reply = answer(this.packet, 512); // what every client takes [RFC 1035 4.2.1]
    if (reply !== undefined) this.wfile.write(reply);
  }
}

/** Over TCP each message has its length in front. [RFC 1035 4.2.2] */
export class DNSStreamHandler extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for (;;) {
      const length = await this.rfile.read(2);
      if (length.length < 2) return;
      const reply = answer(await this.rfile.read(length.readUInt16BE()), 65_535);
      if (reply === undefined) return;
      length.writeUInt16BE(reply.length);
      await this.wfile.write(Buffer.concat([length, reply]));
    }
  }
}

if (import.meta.main) {
  await runProgram('node examples/dns.ts', async () => {
    await using tcp = new ConcurrentTCPServer(addressArguments({ port: 5353 }), DNSStreamHandler);
    await using udp = new ConcurrentUDPServer(tcp.serverAddress, DNSDatagramHandler);
    console.log(`DNS over UDP and TCP on ${formatAddress(udp.serverAddress)}`);
    await Promise.all([tcp.serveForever(), udp.serveForever()]);
  });
}

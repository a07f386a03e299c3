import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  ConcurrentUnixStreamServer,
  DatagramRequestHandler,
} from '../../src/index.ts';
import { serving } from '../support/serving.ts';

/** Sends back every byte, until the client shuts its side down. */
class Echo extends BaseRequestHandler {
  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

/** Sends back every datagram, also an empty one. */
export class EchoPacket extends DatagramRequestHandler {
  override handle() {
    this.wfile.write(this.packet);
  }
}

/** Echo servers over TCP, UDP and a Unix stream, for real programs to talk to. */
export class EchoServers implements AsyncDisposable {
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly path: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'socketserver-interop-'));
  readonly #serving: readonly AsyncDisposable[];

  constructor() {
    const tcp = new ConcurrentTCPServer(['127.0.0.1', 0], Echo);
    const udp = new ConcurrentUDPServer(['127.0.0.1', 0], EchoPacket, { maxPacketSize: 65_536 });
    this.path = join(this.#directory, 'echo.sock');
    const unix = new ConcurrentUnixStreamServer(this.path, Echo);
    this.tcpPort = tcp.serverAddress[1];
    this.udpPort = udp.serverAddress[1];
    this.#serving = [serving(tcp), serving(udp), serving(unix)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#serving) await server[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }
}

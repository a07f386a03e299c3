import net from 'node:net';
import { StreamRequestHandler } from '../../../src/index.ts';

/** How long the peer has taken nothing when a handler says that it is held. */
const heldMs = 500;

/** Sends as many bytes as its client asks for, and tells a port when it is not let go on. */
export class Pouring extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const bytes = Number((await this.rfile.readline()).toString());
    const block = Buffer.alloc(65_536, 'x');
    for (let sent = 0; sent < bytes; sent += block.length) {
      const held = setTimeout(() => this.#tell(`${bytes} ${sent}`), heldMs);
      try {
        await this.request.sendall(block);
      } finally {
        clearTimeout(held);
      }
    }
  }

  #tell(news: string): void {
    net.connect(this.server.workerData as number, '127.0.0.1').end(news);
  }
}

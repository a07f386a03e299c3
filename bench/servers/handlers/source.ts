import { BaseRequestHandler } from 'socketserver';

/** Sends as many bytes as the client's line asks for. */
export class Source extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const order = await this.request.recv(64);
    for (let left = Number(order.toString()); left > 0; left -= chunk.length) {
      await this.request.sendall(left < chunk.length ? chunk.subarray(0, left) : chunk);
    }
  }
}

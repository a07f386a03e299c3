import { BaseRequestHandler } from 'socketserver';

/** Counts what the client sends until it ends its side, and answers with the count. */
export class Sink extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    let received = 0;
    for (;;) {
      const data = await this.request.recv(65536);
      if (data.length === 0) break;
      received += data.length;
    }
    await this.request.sendall(Buffer.from(String(received)));
  }
}

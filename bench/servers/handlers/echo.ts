import { BaseRequestHandler } from 'socketserver';

/** Python's echo handler, line for line. */
export class Echo extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for (;;) {
      const data = await this.request.recv(65536);
      if (data.length === 0) return;
      await this.request.sendall(data);
    }
  }
}

// The handlers of the test of request ids: they answer with the number of their request.
import { BaseRequestHandler, DatagramRequestHandler } from '../../../src/index.ts';

export class TellStreamId extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    return this.request.sendall(`${this.request.id}`);
  }
}

export class TellDatagramId extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    const [, , , id] = this.request;
    this.wfile.write(`${this.requestId} ${id}`);
  }
}

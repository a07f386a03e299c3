import { BaseRequestHandler, type DatagramRequest } from 'socketserver';

/** Python's UDP echo handler, line for line. */
export class DatagramEcho extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const [data, socket] = this.request;
    await socket.sendto(data, this.clientAddress);
  }
}

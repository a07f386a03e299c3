// The handlers of the matrix test: one exchange for all models and transports.
import { BaseRequestHandler, type DatagramRequest, StreamRequestHandler } from '../../../src/index.ts';

const problem = (): Error => Object.assign(new Error('as asked'), { code: 'EASKED' });

/** Does what the first line says. */
export class StreamExchange extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const command = (await this.rfile.readline()).toString().trim();
    if (command === 'echo') {
      for await (const bytes of this.request) await this.request.sendall(bytes);
    }
    if (command === 'facts') {
      const { workerData } = this.server;
      await this.wfile.write(JSON.stringify({ workerData, isTLS: this.request.tls !== undefined }));
    }
    if (command === 'error') {
      await this.wfile.write('partial');
      throw problem();
    }
    if (command === 'timeout') {
      this.request.settimeout(0.01);
      await this.rfile.readline();
    }
    if (command === 'shutdown') {
      await this.server.shutdown();
      await this.wfile.write('shut down');
    }
  }
}

/** Does what the packet says, and answers with a packet. */
export class DatagramExchange extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;

  override async handle() {
    const [data, socket, isTruncated] = this.request;
    const answer = (text: string): Promise<void> => socket.sendto(text, this.clientAddress);
    const command = data.toString();
    if (command === 'facts')
      await answer(JSON.stringify({ workerData: this.server.workerData, isTruncated }));
    else if (command === 'error') throw problem();
    else if (command === 'shutdown') await this.server.shutdown().then(() => answer('shut down'));
    else await answer(`${data.length} ${isTruncated}`);
  }
}

import { DatagramRequestHandler } from '../../../src/index.ts';

/** Sends each datagram back; `fail` throws after that. */
export class EchoPackets extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    this.wfile.write(this.packet);
    if (this.packet.toString() === 'fail') throw new Error('as asked');
  }
}

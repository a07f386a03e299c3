import { BaseRequestHandler, IncompleteReadError } from 'socketserver';

/** Answers every message with itself; a message is four bytes of length, big-endian, and that many bytes. */
export class Frames extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    try {
      for (;;) {
        const header = await this.request.readExactly(4);
        const payload = await this.request.readExactly(header.readUInt32BE(0));
        await this.request.sendall(Buffer.concat([header, payload]));
      }
    } catch (error) {
      if (!(error instanceof IncompleteReadError)) throw error; // the client has said all
    }
  }
}

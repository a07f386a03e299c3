import { StreamRequestHandler } from 'socketserver';

/** Answers every line with itself. */
export class Lines extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for await (const line of this.rfile) await this.wfile.write(line);
  }
}

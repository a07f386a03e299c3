import { StreamRequestHandler } from '../../src/index.ts';

/** Answers lines, the one after `show` in two steps, and says goodbye at the end of the stream. */
export class Conversation extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const bytes of this.rfile) {
      const line = bytes.toString();
      await this.wfile.write(line.toUpperCase());
      if (line !== 'show\n') continue;
      await this.wfile.write(`${(await this.request.peek(64)).toString()} is here\n`);
    }
    await this.wfile.write('goodbye\n');
  }
}

// Handlers that make something else of their connection, in every model.
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StreamRequestHandler, type TLSOptions } from '../../../src/index.ts';

/** Reads a line, and lets Node's own streams send the rest back in upper case. */
export class DetachesToPipeline extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.rfile.readline();
    await this.request.peek(1);
    const shout = new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
    });
    const stream = this.request.detach();
    await pipeline(stream, shout, stream);
  }
}

/** Lets its stream live on when it has returned: it echoes, until its client ends or the server drains. */
export class DetachesAndReturns extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override handle(): Promise<void> {
    const { signal } = this.request;
    const stream = this.request.detach();
    stream.on('error', () => {});
    stream.write('detached\n');
    stream.pipe(stream);
    signal.addEventListener('abort', () => {
      if ((signal.reason as { code?: string }).code === 'SERVER_DRAINING')
        stream.unpipe().resume().end('draining\n');
    });
    return Promise.resolve();
  }
}

/** STARTTLS: a line in plain text, then lines with TLS. `workerData` has the options. */
export class StartsTLS extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.rfile.readline();
    await this.wfile.write('go ahead\n');
    await this.request.startTLS(this.server.workerData as TLSOptions);
    const facts = this.request.tls!;
    await this.wfile.write(`${facts.protocol} ${facts.serverName}\n`);
    for await (const line of this.rfile) await this.wfile.write(line);
  }
}

/** Tells who is at the other end of a Unix socket. */
export class TellsPeer extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.wfile.write(JSON.stringify(this.request.peerCredentials ?? null));
  }
}

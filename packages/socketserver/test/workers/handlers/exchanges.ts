// Handlers that the tests of workers load into threads and processes.
import { once } from 'node:events';
import process from 'node:process';
import { threadId } from 'node:worker_threads';
import { BaseRequestHandler, StreamRequestHandler, SystemExit } from '../../../src/index.ts';

/** Sends back what comes, until the client ends its side. */
export class Echo extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

/** Says where it runs, in one line of JSON. */
export class WhereAmI extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { serverAddress, workerData, engine } = this.server;
    const { clientAddress } = this;
    const peer = this.request.getpeername();
    const own = this.request.getsockname();
    const { pid } = process;
    const place = { threadId, pid, serverAddress, workerData, engine, clientAddress, peer, own };
    await this.wfile.write(`${JSON.stringify(place)}\n`);
  }
}

/** Throws what a line names. */
export class Failing extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const what = (await this.rfile.readline()).toString().trim();
    await this.wfile.write('so far so good');
    if (what === 'exit') throw new SystemExit(7);
    if (what === 'type') throw new TypeError('not of this type');
    if (what === 'text') throw 'only text'; // oxlint-disable-line typescript/only-throw-error -- anything can be thrown
    if (what === 'timeout') {
      this.request.settimeout(0.01);
      await this.request.recv(1);
    }
    const cause = Object.assign(new RangeError('the reason'), { code: 'EREASON' });
    const error = Object.assign(new Error('no such luck', { cause }), {
      code: 'ELUCK',
      details: { attempts: 3 },
    });
    error.name = 'LuckError';
    throw error;
  }
}

/** Lets the server stop, and says so afterwards. */
export class Stopping extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.server.shutdown();
    await this.wfile.write('stopped');
  }
}

/** Says hello, waits for the server to drain, and says goodbye. */
export class Goodbye extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { signal } = this.request;
    await this.request.sendall('hello,');
    if (!signal.aborted) await once(signal, 'abort');
    await this.request.sendall(`goodbye: ${(signal.reason as { code: string }).code}`);
  }
}

/** Says hello and waits for bytes, whatever happens. */
export class Stubborn extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.request.sendall('hello');
    await this.request.recv(1);
  }
}

/** Says what the TLS handshake agreed on, and who the client is. */
export class TellFacts extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { protocol, resumed, authorized, peerCertificate } = this.request.tls!;
    const facts = { protocol, resumed, authorized, peer: peerCertificate?.subject };
    await this.request.sendall(JSON.stringify(facts));
  }
}

/** Sends more than any buffer holds, when it is told to. */
export class Flooding extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const blocks = Number((await this.rfile.readline()).toString());
    const block = Buffer.alloc(65_536, 'b');
    for (let sent = 0; sent < blocks; sent += 1) await this.request.sendall(block);
  }
}

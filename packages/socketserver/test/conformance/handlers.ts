/** The handlers of this directory that workers load, too. */
import {
  BaseRequestHandler,
  DatagramRequestHandler,
  StreamRequestHandler,
  SystemExit,
} from '../../src/index.ts';

/** Sends the first line of a connection back. */
export class EchoLine extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.wfile.write(await this.rfile.readline());
  }
}

/** Sends the first line of a datagram back. */
export class EchoPacketLine extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    this.wfile.write(this.rfile.readline());
  }
}

/** Says that it was called, and throws. */
export class Failing extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.request.sendall('handler called');
    throw new TypeError('wrong value');
  }
}

/** Says that it was called, and asks the server to stop. */
export class Exiting extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.request.sendall('handler called');
    throw new SystemExit(7);
  }
}

/** Says hello, waits until its server drains and its client has sent something, and says goodbye. */
export class Polite extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { signal } = this.request;
    await this.request.sendall('hello,');
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await this.request.recv(1);
    await this.request.sendall('goodbye');
  }
}

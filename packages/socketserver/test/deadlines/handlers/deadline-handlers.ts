// The handlers of the deadline tests, for all models.
import { BaseRequestHandler, type DatagramRequest, StreamRequestHandler } from '../../../src/index.ts';

const never = (): Promise<void> => new Promise(() => {});

/** Answers each line with itself, for ever. */
export class EchoesLines extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) await this.wfile.write(line);
  }
}

/** As the line before it says: ends well, or throws something else, when its connection fails. */
export class SwallowsErrors extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const command = (await this.rfile.readline()).toString().trim();
    try {
      await this.rfile.readline();
    } catch (error) {
      if (command === 'throw') throw new Error('something else', { cause: error });
    }
  }
}

/** Does not touch its connection, and never ends. */
export class Hangs extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await never();
  }
}

/** Says goodbye when it is told to end. */
export class SaysGoodbye extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { signal } = this.request;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    const { code, phase } = signal.reason as { readonly code: string; readonly phase?: string };
    await this.request.sendall(`goodbye: ${code} ${phase}\n`);
  }
}

/** Sends more than any buffer holds. */
export class Floods extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const block = Buffer.alloc(1_048_576);
    for (;;) await this.request.sendall(block);
  }
}

/** Answers what is told to end; never ends where the packet says so. */
export class AnswersLate extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;

  override async handle() {
    const [data, socket] = this.request;
    if (data.toString() === 'quick') return socket.sendto('answer', this.clientAddress);
    await new Promise((resolve) => socket.signal.addEventListener('abort', resolve));
    const { phase } = socket.signal.reason as { readonly phase?: string };
    // The request is over: this comes to nothing.
    const failure = await socket
      .sendto(`late: ${phase}`, this.clientAddress)
      .catch((error: unknown) => error);
    if (data.toString() === 'hang') await never();
    throw failure;
  }
}

/**
 * A small HTTP/1.1 server: keep-alive, Content-Length, HEAD, and an answer to what it does not take.
 *
 *     node examples/http-hello.ts [host] [port]
 *     curl http://127.0.0.1:8080/
 */
import { STATUS_CODES } from 'node:http';
import { ConcurrentTCPServer, formatAddress, SocketServerError, StreamRequestHandler } from 'socketserver';
import { isRequestLine, parseHead, type RequestHead } from './http-hello/request-head.ts';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

const pages = new Map([['/', 'hello, world\n']]).set('/about', 'served by socketserver\n');
const maxHeadBytes = 8_192;
const maxBodyBytes = 65_536;

export class HelloHandler extends StreamRequestHandler {
  static override readonly module = import.meta.url;
  /** Gathers the head and the body of an answer into one send. */
  static override readonly wbufsize = -1;
  /** Seconds that each part of a request may take to come. */
  static override readonly timeout = 10;

  override async handle(): Promise<void> {
    try {
      while (await this.#serveRequest());
    } catch (error) {
      if (!(error instanceof SocketServerError)) throw error;
      if (error.code === 'MESSAGE_TOO_LONG') await this.#refuse(431);
      // A client that stays silent or leaves in the middle needs no answer.
      else if (error.code !== 'SOCKET_TIMEOUT' && error.code !== 'INCOMPLETE_READ') throw error;
    }
  }

  /** @returns whether another request may follow on this connection. */
  async #serveRequest(): Promise<boolean> {
    const lines: string[] = [];
    for (let room = maxHeadBytes; lines.at(-1) !== '\r\n'; room -= lines.at(-1)!.length) {
      const line = await this.rfile.readline(Math.max(room, 1));
      if (line.length === 0) return false;
      lines.push(line.toString('latin1'));
      if (lines.length === 1 && !isRequestLine(lines[0]!)) return this.#refuse(400);
    }
    const head = parseHead(lines);
    if (head === undefined) return this.#refuse(400);
    if (head.hasTransferCoding) return this.#refuse(501);
    if (head.bodyBytes > maxBodyBytes) return this.#refuse(413);
    await this.#answer(head, await this.request.readExactly(head.bodyBytes));
    return head.isKeptAlive;
  }

  #answer(head: RequestHead, body: Buffer): Promise<void> {
    if (head.method === 'POST' && head.path === '/echo') return this.#respond(200, body, head);
    if (head.method !== 'GET' && head.method !== 'HEAD') return this.#respond(501, 'not implemented\n', head);
    const page = pages.get(head.path);
    return page === undefined ? this.#respond(404, 'not found\n', head) : this.#respond(200, page, head);
  }

  async #refuse(status: number): Promise<false> {
    await this.#respond(status, `${STATUS_CODES[status]}\n`, { method: 'GET', isKeptAlive: false });
    return false;
  }

  async #respond(status: number, body: string | Buffer, asked: Pick<RequestHead, 'method' | 'isKeptAlive'>) {
    await this.wfile.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n` +
        `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n` +
        `Connection: ${asked.isKeptAlive ? 'keep-alive' : 'close'}\r\n\r\n`,
    );
    if (asked.method !== 'HEAD') await this.wfile.write(body);
    await this.wfile.flush();
  }
}

if (import.meta.main) {
  await runProgram('node examples/http-hello.ts', async () => {
    await using server = new ConcurrentTCPServer(addressArguments({ port: 8080 }), HelloHandler);
    console.log(`HTTP server on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}

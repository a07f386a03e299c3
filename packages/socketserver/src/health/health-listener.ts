import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import process from 'node:process';
import type { SocketAddress } from '../address/socket-address.ts';
import { bindReplacingDead, SocketFile } from '../address/unix-path.ts';
import { bindSocket } from '../engine/node/unlistened-socket.ts';
import type { HealthReport } from './health-report.ts';

/** What a path of the health listener answers to GET and HEAD. */
export interface HealthAnswer {
  /** Default 200. */
  readonly status?: number | undefined;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string | undefined;
  readonly body: string;
}

/** Makes the answer of a path, for each request anew. */
export type HealthRoute = () => HealthAnswer | Promise<HealthAnswer>;

/** Answers are a line each: nobody has a reason to hold a connection for longer. */
const requestMs = 5_000;
/** Whoever opens more connections at once than any balancer would has the further ones closed. */
const maxConnections = 256;

/**
 * A small HTTP listener beside a server, on an address of its own, that says how the server is.
 *
 * `/` and `/ready` answer 200 while the server takes requests and 503 while it does not; `/live` answers 200 as long as
 * the event loop answers at all. The body is a {@link HealthReport} as one line of JSON. GET and HEAD are taken, and
 * OPTIONS, which HAProxy's plain `option httpchk` sends.
 *
 * It does not keep the process alive, and ends with its server.
 */
export class HealthListener {
  /** Where it listens, with the real port. */
  readonly address: SocketAddress;
  readonly #server: Server;
  readonly #routes = new Map<string, HealthRoute>();
  readonly #file: SocketFile | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Binds and listens.
   *
   * @param report - says how the server is; called for each request.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open.
   */
  constructor(address: SocketAddress, report: () => HealthReport) {
    const ready: HealthRoute = () => answerWith(report());
    this.route('/', ready)
      .route('/ready', ready)
      .route('/live', () => ({ ...answerWith(report()), status: 200 }));
    const bind = () => bindSocket(address, { reusePort: false, ipv6Only: false });
    const bound = typeof address === 'string' ? bindReplacingDead(address, bind) : bind();
    this.address = bound.address;
    // Not imported: that makes Node load its HTTP client and WebSockets too, in each worker of each program.
    const { createServer } = process.getBuiltinModule('node:http');
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.requestTimeout = requestMs;
    this.#server.headersTimeout = requestMs;
    this.#server.maxConnections = maxConnections;
    this.#server.on('connection', (socket) => socket.unref());
    bound.listen(this.#server, maxConnections);
    this.#server.on('error', () => {}); // of an accept that failed: whoever asked will ask again
    this.#server.unref();
    this.#file = typeof address === 'string' ? SocketFile.at(address) : undefined;
  }

  /** Answers a path of your own, such as `/metrics`; an earlier answer to it is replaced. */
  route(path: string, answer: HealthRoute): this {
    this.#routes.set(path, answer);
    return this;
  }

  /** Stops listening and ends the connections that are open. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#file === undefined ? this.#end() : this.#file.release(() => this.#end());
    return this.#closing;
  }

  #end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }

  async #answer({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = this.#routes.get(url.split('?', 1)[0]!);
    const isTaken = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
    response.setHeader('connection', 'close');
    response.setHeader('cache-control', 'no-store');
    if (!isTaken) response.setHeader('allow', 'GET, HEAD, OPTIONS');
    const { status, contentType, body } = await answerOf(isTaken ? (route ?? notFound) : notAllowed);
    response.writeHead(status ?? 200, {
      'content-type': contentType ?? 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

function answerWith(report: HealthReport): HealthAnswer {
  return {
    status: report.status === 'serving' ? 200 : 503,
    contentType: 'application/json',
    body: `${JSON.stringify(report)}\n`,
  };
}

const notFound: HealthRoute = () => ({ status: 404, body: 'not found\n' });
const notAllowed: HealthRoute = () => ({ status: 405, body: 'method not allowed\n' });

/** A route that throws answers 500, and says why to whoever asked. */
async function answerOf(route: HealthRoute): Promise<HealthAnswer> {
  try {
    return await route();
  } catch (error) {
    return { status: 500, body: `${error instanceof Error ? error.message : String(error)}\n` };
  }
}

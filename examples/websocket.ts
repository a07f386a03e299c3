/**
 * One port for two kinds of clients: people with `nc`, who talk in lines, and browsers, who talk WebSocket. Whoever begins
 * with a line of HTTP is handed over to `node:http` and `ws`, with everything that was read; nothing is lost.
 *
 *     node examples/websocket.ts 8888
 *     nc 127.0.0.1 8888                                          and type; every line comes to all
 *     node -e "new WebSocket('ws://127.0.0.1:8888').onmessage = ({ data }) => console.log(data)"     or in a browser
 */
import { createServer } from 'node:http';
import { ConcurrentTCPServer, formatAddress, StreamRequestHandler } from 'socketserver';
import { WebSocketServer } from 'ws';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

const http = createServer((_request, response) => {
  response.writeHead(426, { Upgrade: 'websocket' }).end('speak WebSocket, or plain lines\n');
});
const webSockets = new WebSocketServer({ server: http, maxPayload: 65_536 });

/** Those who get every line. */
const listeners = new Set<(line: string) => void>();

function tellAll(line: string): void {
  for (const listener of listeners) listener(line);
}

webSockets.on('connection', (socket) => {
  const listener = (line: string): void => socket.send(line);
  listeners.add(listener);
  socket.on('message', (message: Buffer) => tellAll(message.toString()));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => listeners.delete(listener));
});

export class LinesOrWebSocket extends StreamRequestHandler {
  override async handle(): Promise<void> {
    await ((await this.#beginsWith('GET ')) ? this.#serveHTTP() : this.#serveLines());
  }

  /** Looks at no more bytes than it must: a line may be shorter than what it is compared to. */
  async #beginsWith(text: string): Promise<boolean> {
    for (let count = 1; count <= text.length; count += 1) {
      const seen = await this.request.peek(count, { min: count });
      if (seen.toString() !== text.slice(0, count)) return false;
    }
    return true;
  }

  /** The request lasts as long as the connection, so the server's deadlines go on to count, and a drain is told. */
  async #serveHTTP(): Promise<void> {
    const { signal } = this.request;
    const stream = this.request.detach();
    signal.addEventListener('abort', () => stream.destroy());
    http.emit('connection', stream);
    await new Promise((resolve) => stream.once('close', resolve));
  }

  async #serveLines(): Promise<void> {
    const listener = (line: string): void => void this.request.sendall(`${line}\n`);
    listeners.add(listener);
    try {
      for await (const line of this.rfile) tellAll(line.toString().trimEnd());
    } finally {
      listeners.delete(listener);
    }
  }
}

if (import.meta.main) {
  await runProgram('node examples/websocket.ts', async () => {
    await using server = new ConcurrentTCPServer(addressArguments(), LinesOrWebSocket);
    const serving = server.serveForever({ signals: ['SIGINT', 'SIGTERM'] });
    console.log(`lines and WebSocket on ${formatAddress(server.serverAddress)}`); // whoever reads it may send one
    await serving;
  });
}

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { SocketAddress } from '../../src/index.ts';

export interface HTTPAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks an HTTP server by its address: a host and a port, or a path. */
export async function httpGet(address: SocketAddress, path = '/', method = 'GET'): Promise<HTTPAnswer> {
  const target =
    typeof address === 'string' ? { socketPath: address } : { host: address[0], port: address[1] };
  const response = await answerTo(request({ ...target, path, method, agent: false }).end());
  return { status: response.statusCode!, headers: response.headers, body: await text(response) };
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
  });
}

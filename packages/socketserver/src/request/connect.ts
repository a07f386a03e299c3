import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  type InetAddressInput,
  isUnixInput,
  parseHostAndPort,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../address/parse-address.ts';
import { inetAddress, type SocketAddress } from '../address/socket-address.ts';
import { chooseEngine, type EngineChoice } from '../engine/choose-engine.ts';
import type { ProxyHeaderFields } from '../proxy-protocol/header-fields.ts';
import { writeProxyHeader } from '../proxy-protocol/write-proxy-header.ts';
import { StreamSocket } from './stream-socket.ts';

/** Options of {@link connect}. */
export interface ConnectSocketOptions {
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What moves the bytes. Default `'auto'`. */
  readonly engine?: EngineChoice;
  /** A PROXY header to send before everything else, for a server that expects one. Default: none. */
  readonly proxyHeader?: ProxyHeaderFields;
}

/**
 * Connects to a stream server: the client's side of a {@link StreamSocket}.
 *
 * @param address - `['127.0.0.1', 8888]`, `'127.0.0.1:8888'`, `'unix:/run/app.sock'`, ... A host name is looked up.
 * @throws the operating system's error (`ECONNREFUSED`, ...), the resolver's (`ENOTFOUND`); TypeError and RangeError
 *   for a wrong address, and for a header that cannot be written.
 *
 * @example
 * await using socket = await connect(['127.0.0.1', 8888]);
 * await socket.sendall('hello\n');
 * console.log((await socket.readline()).toString());
 *
 * @see CPython `socket.create_connection`
 */
export async function connect(
  address: InetAddressInput | UnixAddressInput,
  { signal, engine: choice, proxyHeader }: ConnectSocketOptions = {},
): Promise<StreamSocket> {
  const engine = chooseEngine(choice);
  const header = proxyHeader && writeProxyHeader(proxyHeader);
  let failure: unknown;
  for (const candidate of await candidatesFor(address)) {
    try {
      const connection = await engine.connect(candidate, { signal });
      if (header !== undefined) connection.write(header);
      return new StreamSocket(connection);
    } catch (error) {
      failure = error;
      if (signal?.aborted === true) break;
    }
  }
  throw failure;
}

/** The addresses to try, in order: all of a host name's. */
async function candidatesFor(input: InetAddressInput | UnixAddressInput): Promise<readonly SocketAddress[]> {
  if (isUnixInput(input)) return [parseUnixAddress(input)];
  const [host, port] = parseHostAndPort(input);
  if (host === '' || isIP(host) !== 0) return [parseInetAddress(input, undefined)];
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => inetAddress(address, port));
}

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
import type { Connection } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { secureClientConnection } from '../engine/tls/secure-client-connection.ts';
import { timeoutDefaults } from '../options/timeout-options.ts';
import type { ProxyHeaderFields } from '../proxy-protocol/header-fields.ts';
import { type ClientTLSOptions, resolveClientTLS } from '../tls/client-tls-options.ts';
import { StreamSocket } from './stream-socket.ts';

/** Options of {@link connect}. */
export interface ConnectSocketOptions {
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What moves the bytes. Default `'auto'`. */
  readonly engine?: EngineChoice;
  /** A PROXY header to send before everything else, for a server that expects one. Default: none. */
  readonly proxyHeader?: ProxyHeaderFields;
  /** Encrypts the connection, after a PROXY header. Default: it is plain. */
  readonly tls?: ClientTLSOptions;
}

/**
 * Connects to a stream server: the client's side of a {@link StreamSocket}.
 *
 * @param address - `['127.0.0.1', 8888]`, `'127.0.0.1:8888'`, `'unix:/run/app.sock'`, ... A host name is looked up.
 * @throws the operating system's error (`ECONNREFUSED`, ...), the resolver's (`ENOTFOUND`); TypeError and RangeError
 *   for a wrong address, and for a header that cannot be written; a TLSHandshakeError, and what `tls.verifyServer` throws.
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
  { signal, engine: choice, proxyHeader, tls: tlsOptions }: ConnectSocketOptions = {},
): Promise<StreamSocket> {
  const engine = chooseEngine(choice);
  const header = proxyHeader && (await loadHeaderWriter())(proxyHeader);
  const host = isUnixInput(address) ? undefined : parseHostAndPort(address)[0];
  const tls =
    tlsOptions && resolveClientTLS(tlsOptions, { action: 'Cannot connect', path: 'options.tls' }, host);
  const connection = await firstThatAnswers(engine, await candidatesFor(address), signal);
  if (header !== undefined) connection.write(header);
  if (tls === undefined) return new StreamSocket(connection);
  const { handshakeMs } = timeoutDefaults;
  return new StreamSocket(await secureClientConnection(connection, tls, { handshakeMs, signal }));
}

/** Hardly any client sends a header, and all would wait for what writes one. */
async function loadHeaderWriter(): Promise<(fields: ProxyHeaderFields) => Uint8Array> {
  const { writeProxyHeader } = await import('../proxy-protocol/write-proxy-header.ts');
  return writeProxyHeader;
}

async function firstThatAnswers(
  engine: Engine,
  candidates: readonly SocketAddress[],
  signal: AbortSignal | undefined,
): Promise<Connection> {
  let failure: unknown;
  for (const candidate of candidates) {
    try {
      return await engine.connect(candidate, { signal });
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
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => inetAddress(address, port));
}

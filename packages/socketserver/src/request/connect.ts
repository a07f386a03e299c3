import { type InetAddressInput, parseAddress, type UnixAddressInput } from '../address/parse-address.ts';
import { chooseEngine, type EngineChoice } from '../engine/choose-engine.ts';
import { StreamSocket } from './stream-socket.ts';

/** Options of {@link connect}. */
export interface ConnectSocketOptions {
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What moves the bytes. Default `'auto'`. */
  readonly engine?: EngineChoice;
}

/**
 * Connects to a stream server: the client's side of a {@link StreamSocket}.
 *
 * @param address - `['127.0.0.1', 8888]`, `'127.0.0.1:8888'`, `'unix:/run/app.sock'`, ...
 * @throws the operating system's error (`ECONNREFUSED`, ...); TypeError and RangeError for a wrong address.
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
  { signal, engine }: ConnectSocketOptions = {},
): Promise<StreamSocket> {
  return new StreamSocket(await chooseEngine(engine).connect(parseAddress(address), { signal }));
}

import { isIP, isIPv6 } from 'node:net';
import { type InetAddress, inetAddress, type UnixAddress } from './socket-address.ts';

/** The Internet protocol that a name-less host (`''`, `'localhost'`) stands for; Python's names. */
export type AddressFamily = 'AF_INET' | 'AF_INET6' | 'AF_UNIX';

/** What a server or `connect()` takes for an Internet endpoint; text is `127.0.0.1:8888` or `[::1]:8888`. */
export type InetAddressInput = InetAddress | { readonly host: string; readonly port: number } | string;

/** What a server or `connect()` takes for a Unix socket: a path (also as `unix:/path`), or `\0name` on Linux. */
export type UnixAddressInput = string | { readonly path: string };

/** Bytes of `sun_path`, of which a path name needs one for its final zero. [unix(7)] */
const sunPathBytes = process.platform === 'linux' ? 108 : 104;

const wildcards = { AF_INET: '0.0.0.0', AF_INET6: '::' } as const;
const loopbacks = { AF_INET: '127.0.0.1', AF_INET6: '::1' } as const;

/**
 * Reads an Internet endpoint. Only numeric hosts, `''` (every interface) and `'localhost'` are taken, since
 * binding is synchronous and a name would have to be looked up.
 *
 * @throws TypeError for a wrong shape or a host that is no address; RangeError for a port outside 0 to 65535.
 */
export function parseInetAddress(
  input: InetAddressInput,
  family: 'AF_INET' | 'AF_INET6' | undefined,
): InetAddress {
  const [host, port] = parseHostAndPort(input);
  const numeric =
    host === ''
      ? wildcards[family ?? 'AF_INET']
      : host === 'localhost'
        ? loopbacks[family ?? 'AF_INET']
        : host;
  if (isIP(numeric) === 0) {
    throw new TypeError(
      `Cannot use the address: host must be a numeric IP address, 'localhost' or '', got ${describe(host)};` +
        ' look a name up first, with dns.promises.lookup()',
    );
  }
  if (family !== undefined && isIPv6(numeric) !== (family === 'AF_INET6')) {
    throw new TypeError(`Cannot use the address: host must be of ${family}, got ${describe(host)}`);
  }
  return inetAddress(numeric, port);
}

/**
 * Reads an Internet endpoint whose host may be a name.
 *
 * @throws TypeError for a wrong shape; RangeError for a port outside 0 to 65535.
 */
export function parseHostAndPort(input: InetAddressInput): [host: string, port: number] {
  const [host, port] = splitInetAddress(input);
  if (typeof host !== 'string') {
    throw new TypeError(`Cannot use the address: host must be a string, got ${describe(host)}`);
  }
  if (typeof port !== 'number') {
    throw new TypeError(`Cannot use the address: port must be a number, got ${describe(port)}`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Cannot use the address: port must be an integer from 0 to 65535, got ${port}`);
  }
  return [host, port];
}

/**
 * Reads the path of a Unix socket.
 *
 * @throws TypeError for a wrong shape; RangeError for a path that does not fit into `sun_path`.
 */
export function parseUnixAddress(input: UnixAddressInput): UnixAddress {
  const text: unknown = typeof input === 'object' && input !== null ? input.path : input;
  if (typeof text !== 'string' || text === '' || text === 'unix:') {
    throw new TypeError(`Cannot use the address: path must be a non-empty string, got ${describe(input)}`);
  }
  const path = text.startsWith('unix:') ? text.slice('unix:'.length).replace(/^\\0/, '\0') : text;
  const isAbstract = path.startsWith('\0');
  if (isAbstract && process.platform !== 'linux') {
    throw new TypeError('Cannot use the address: path must name a file, abstract names exist on Linux only');
  }
  if (!isAbstract && path.includes('\0')) {
    throw new TypeError(`Cannot use the address: path must hold no zero byte, got ${describe(path)}`);
  }
  const room = isAbstract ? sunPathBytes : sunPathBytes - 1;
  const length = Buffer.byteLength(path);
  if (process.platform !== 'win32' && length > room) {
    throw new RangeError(`Cannot use the address: path must be at most ${room} bytes, got ${length}`);
  }
  return path;
}

/** Whether an endpoint is a Unix socket: `{ path }`, or text with a slash, a leading `\\0` or `unix:`. */
export function isUnixInput(input: InetAddressInput | UnixAddressInput): input is UnixAddressInput {
  if (typeof input === 'string') return /^(unix:|\0)|\//.test(input);
  return typeof input === 'object' && input !== null && 'path' in input;
}

function splitInetAddress(input: InetAddressInput): [host: unknown, port: unknown] {
  if (Array.isArray(input)) {
    if (input.length === 2) return [input[0], input[1]];
  } else if (typeof input === 'object' && input !== null && 'host' in input) {
    return [input.host, input.port];
  } else if (typeof input === 'string') {
    const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(input);
    if (match !== null) return [match[1] ?? match[2], Number(match[3])];
  }
  throw new TypeError(
    "Cannot use the address: it must be ['127.0.0.1', 8888], { host, port } or '127.0.0.1:8888', got " +
      describe(input),
  );
}

/** Shows a value in an error message. */
function describe(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

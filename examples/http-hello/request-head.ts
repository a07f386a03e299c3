/**
 * The head of an HTTP/1.1 request [RFC 9112 2.1], as lines with their `\r\n`:
 *
 *     GET /about HTTP/1.1     method, target, version
 *     Host: 127.0.0.1:8080    fields, any number
 *                             and an empty line
 */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly bodyBytes: number;
  /** The body comes in a form that we do not read, such as chunks. */
  readonly hasTransferCoding: boolean;
  readonly isKeptAlive: boolean;
}

const firstLine = /^([A-Z]+) (\S+) HTTP\/1\.([01])\r\n$/;
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*)\r\n$/;

/** Whether a head may begin with this line: a client that speaks something else is told at once. */
export function isRequestLine(line: string): boolean {
  return firstLine.test(line);
}

/** Parses the lines of a head; `undefined` when they are none. */
export function parseHead([first = '', ...rest]: readonly string[]): RequestHead | undefined {
  const [, method, target, minorVersion] = firstLine.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const path = URL.parse(target, 'http://localhost')?.pathname;
  const fields = new Map<string, string>();
  for (const line of rest.filter((line) => line !== '\r\n')) {
    const [, name, value = ''] = fieldLine.exec(line) ?? [];
    if (name === undefined) return undefined;
    const earlier = fields.get(name.toLowerCase());
    fields.set(name.toLowerCase(), earlier === undefined ? value.trim() : `${earlier}, ${value.trim()}`);
  }
  const length = fields.get('content-length') ?? '0';
  if (path === undefined || !/^\d+$/.test(length)) return undefined;
  if (minorVersion === '1' && !fields.has('host')) return undefined;
  const connection = fields.get('connection')?.toLowerCase() ?? '';
  return {
    method,
    path,
    bodyBytes: Number(length),
    hasTransferCoding: fields.has('transfer-encoding'),
    isKeptAlive: minorVersion === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection),
  };
}

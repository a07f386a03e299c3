import * as socketserver from 'socketserver';

/** What the benchmark needs of a server, whatever its class. */
export interface AnyServer extends AsyncDisposable {
  readonly serverAddress: unknown;
  serveForever(): Promise<void>;
}

export type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

const prefixes = new Map([
  ['serial', ''],
  ['concurrent', 'Concurrent'],
  ['threading', 'Threading'],
  ['forking', 'Forking'],
]);

const suffixes = new Map([
  ['tcp', 'TCPServer'],
  ['tls', 'TLSServer'],
  ['udp', 'UDPServer'],
  ['unix', 'UnixStreamServer'],
]);

/** Finds the class that its name says: `threading` and `tls` are `ThreadingTLSServer`. */
export function findServerClass(model: string, transport: string): AnyServerClass {
  const name = `${prefixes.get(model)}${suffixes.get(transport)}`;
  const found = new Map<string, unknown>(Object.entries(socketserver)).get(name);
  if (!isServerClass(found)) throw new Error(`socketserver has no ${name}`);
  return found;
}

function isServerClass(value: unknown): value is AnyServerClass {
  return typeof value === 'function';
}

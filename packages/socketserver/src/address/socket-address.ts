/** An Internet endpoint, as Python writes it: `['127.0.0.1', 8888]` or `['::1', 8888]`. */
export type InetAddress = readonly [host: string, port: number];

/** A Unix-socket endpoint: a path, or on Linux an abstract name that begins with `\0`. Empty for an unnamed peer. */
export type UnixAddress = string;

/** An endpoint of any transport, in the form in which servers and handlers report it. */
export type SocketAddress = InetAddress | UnixAddress;

/** Makes an address that nobody can change, since the same object reaches every handler. */
export function inetAddress(host: string, port: number): InetAddress {
  const address: InetAddress = [host, port];
  return Object.freeze(address);
}

/**
 * Formats an address for people, in the form that servers also accept as text: `127.0.0.1:8888`,
 * `[::1]:8888`, `unix:/run/app.sock`, `unix:\0name`.
 */
export function formatAddress(address: SocketAddress): string {
  if (typeof address === 'string') {
    return address === '' ? 'unix:' : `unix:${address.replace(/^\0/, '\\0')}`;
  }
  const [host, port] = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Narrows an address to host and port. */
export function isInetAddress(address: SocketAddress): address is InetAddress {
  return typeof address !== 'string';
}

import { BlockList, isIP } from 'node:net';
import { formatAddress, fromSystemd, type SocketAddress, systemdSockets } from 'socketserver';

/** Where a server listens. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A socket that systemd listens on. */
  | { readonly kind: 'inherited'; readonly fd: number; readonly name: string };

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * Parses `HOST:PORT` (`127.0.0.1:8888`, `[::1]:8888`, `localhost:0`; an empty host is every interface) or `unix:PATH`.
 *
 * @throws TypeError for anything else; names are not looked up.
 */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (!path.startsWith('/')) throw wrong(text, 'a path after unix: must begin with /');
    return { kind: 'unix', path };
  }
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined) throw wrong(text, 'it must be HOST:PORT, unix:PATH, systemd or systemd:NAME');
  const host = name === 'localhost' ? '127.0.0.1' : name === '' ? '0.0.0.0' : name;
  if (isIP(host) === 0) throw wrong(text, 'the host must be a numeric address, localhost or empty');
  if (Number(digits) > 65_535) throw wrong(text, 'the port must be at most 65535');
  return { kind: 'tcp', host, port: Number(digits) };
}

/**
 * Parses what {@link parseListenAddress} does, and `systemd` for the sockets that systemd has passed to this process, `systemd:NAME` for
 * those of a name.
 *
 * @throws TypeError for anything else; SocketActivationError where systemd has passed no such socket.
 */
export function parseListenAddresses(text: string): readonly ListenAddress[] {
  const match = /^systemd(?::(.+))?$/.exec(text);
  if (match === null) return [parseListenAddress(text)];
  const [, name] = match;
  const sockets = systemdSockets(name);
  const found = sockets.length > 0 ? sockets : [fromSystemd(name)]; // which says why there is none
  return found.map((socket) => ({ kind: 'inherited', fd: socket.fd, name: socket.name }));
}

/** Whether only this machine's own programs reach it. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  const family = isIP(plain);
  return family !== 0 && loopback.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** As people, and {@link parseListenAddress}, write it. */
export function formatListenAddress(address: SocketAddress): string {
  return typeof address === 'string' ? `unix:${address}` : formatAddress(address);
}

function wrong(text: string, why: string): TypeError {
  return new TypeError(`Cannot listen on ${JSON.stringify(text)}: ${why}`);
}

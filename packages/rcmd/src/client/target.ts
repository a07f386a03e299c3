import { isIPv6 } from 'node:net';

/** Where a server listens. */
export type Target =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * What `connect()` takes for a server: `'lab1'`, `'lab1:9000'`, `'[2001:db8::7]:9000'`, `'unix:/run/user/1000/rcmd/socket'`, or the same in pieces.
 */
export type TargetInput =
  string | { readonly host: string; readonly port?: number | undefined } | { readonly path: string };

/** The port of a server that names none. */
export const defaultPort = 8888;

/**
 * Reads where a server listens.
 *
 * @throws TypeError for what is no host, no port or no path.
 */
export function parseTarget(input: TargetInput): Target {
  if (typeof input === 'string') return parseText(input);
  if (typeof input === 'object' && input !== null) {
    if ('path' in input) return unixTarget(input.path, input);
    if ('host' in input) return tcpTarget(input.host, input.port ?? defaultPort, input);
  }
  throw wrong('a host, host:port, [address]:port or unix:PATH', input);
}

/** The one way to write a target: what `known_hosts` and messages name it by. */
export function formatTarget(target: Target): string {
  if (target.kind === 'unix') return `unix:${target.path}`;
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

function parseText(text: string): Target {
  if (text.startsWith('unix:')) return unixTarget(text.slice('unix:'.length), text);
  if (/:.*:/.test(text) && isIPv6(text)) return tcpTarget(text, defaultPort, text);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw wrong('a host, host:port, [address]:port or unix:PATH', text);
  }
  return tcpTarget(host, port === undefined ? defaultPort : Number(port), text);
}

function tcpTarget(host: unknown, port: unknown, input: unknown): Target {
  const isHost = typeof host === 'string' && (/^[\w.-]+$/.test(host) || isIPv6(host));
  if (!isHost) throw wrong('have a host: a name without spaces, or an address', input);
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw wrong('have a port from 1 to 65535', input);
  }
  return { kind: 'tcp', host: host.toLowerCase(), port };
}

function unixTarget(path: unknown, input: unknown): Target {
  if (typeof path === 'string' && path.startsWith('/') && !path.includes('\0')) return { kind: 'unix', path };
  throw wrong('have a path that begins with /: anybody may own the other names', input);
}

function wrong(must: string, got: unknown): TypeError {
  const verb = must.startsWith('have') ? '' : 'be ';
  return new TypeError(`Cannot connect: target must ${verb}${must}, got ${JSON.stringify(got)}`);
}

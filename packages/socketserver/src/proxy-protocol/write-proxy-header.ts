import { type ProxyHeaderFields, refuse } from './header-fields.ts';
import { writeVersion1 } from './version-1.ts';
import { writeVersion2 } from './version-2.ts';

/**
 * Writes a PROXY header, to be sent before anything else on a connection.
 *
 * @returns its bytes, which belong to the caller.
 * @throws TypeError for fields that contradict each other, or that the version has no room for.
 *
 * @example
 * await socket.sendall(writeProxyHeader({ source: ['192.0.2.1', 56324], destination: ['192.0.2.9', 443] }));
 *
 * @see HAProxy's `doc/proxy-protocol.txt`
 */
export function writeProxyHeader(fields: ProxyHeaderFields): Buffer {
  const { version = 2 } = fields;
  if (version !== 1 && version !== 2) refuse('version', '1 or 2', version);
  return version === 1 ? writeVersion1(fields) : writeVersion2(fields);
}

import { Client } from './client.ts';
import { connectLink } from './connect-link.ts';
import type { ConnectOptions } from './connect-options.ts';
import { formatTarget, parseTarget, type TargetInput } from './target.ts';

/**
 * Connects to a server of rcmd: by mutual TLS 1.3, each side known by its key, or over a Unix socket of this user's.
 *
 * @param target - `'lab1'`, `'lab1:9000'`, `'[2001:db8::7]:9000'`, `'unix:/run/user/1000/rcmd/socket'`; port 8888 where none is named.
 * @throws HostKeyError for a server that is not trusted; RcmdError: `CONNECT_TIMEOUT`, `CONNECTION_LOST` with what the server said where it
 *   turned us away (`goAway.code` `DENIED` or `BUSY`), `PROTOCOL`, `UNSAFE_PATH`, `BAD_IDENTITY`; the system's errors (`ECONNREFUSED`), the resolver's; socketserver's `TLS_HANDSHAKE`; the signal's reason.
 *
 * @example
 * await using lab = await connect('lab1');
 * const { stdout } = await lab.exec('uname', ['-a']);
 */
export async function connect(target: TargetInput, options: ConnectOptions = {}): Promise<Client> {
  const place = parseTarget(target);
  return new Client(await connectLink(place, options), formatTarget(place));
}

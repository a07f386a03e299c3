import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { loadNativeEngine } from '../../src/engine/native-engine.ts';
import { connect, type EngineChoice, type InetAddress, type SocketAddress } from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';

/** Sends a line over a new connection, and reads all that comes back. */
export async function askOverStream(
  address: SocketAddress,
  line: string,
  engine: EngineChoice = 'auto',
): Promise<string> {
  await using socket = await connect(address, { engine });
  await socket.sendall(line);
  return (await readAll(socket)).toString();
}

/** As {@link askOverStream}, over TLS to a server whose certificate `ca` has signed. */
export async function askOverTLS([host, port]: InetAddress, line: string, ca: string): Promise<string> {
  const socket = tls.connect({ host, port, ca });
  await once(socket, 'secureConnect');
  socket.write(line);
  return text(socket);
}

/** Sends a line as a datagram of a new socket, and waits for one back. */
export async function askOverUDP([host, port]: InetAddress, line: string): Promise<string> {
  const socket = createSocket('udp4');
  socket.send(line, port, host);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return reply.toString();
}

/** As {@link askOverUDP}, over a Unix socket with a path of its own, which Node has not and the native engine has. */
export async function askOverUnixDatagram(path: string, line: string, ownPath: string): Promise<string> {
  const engine = loadNativeEngine();
  if (engine instanceof Error) throw engine;
  const socket = engine.bindDatagram(ownPath, {
    reuseAddress: false,
    reusePort: false,
    ipv6Only: false,
    maxPacketSize: 8_192,
    maxPending: 16,
    whenFull: 'drop-newest',
  });
  await socket.send(Buffer.from(line), path);
  await new Promise<void>((resolve) => socket.notify(resolve));
  const reply = socket.receive();
  await socket.close();
  return reply?.bytes.toString() ?? 'nothing';
}

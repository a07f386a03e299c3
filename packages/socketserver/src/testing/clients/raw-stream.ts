import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type ConnectionOptions } from 'node:tls';
import {
  type InetAddressInput,
  isUnixInput,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../../address/parse-address.ts';
import {
  formatAddress,
  inetAddress,
  isInetAddress,
  type SocketAddress,
} from '../../address/socket-address.ts';
import type { Connection } from '../../engine/contract/connection.ts';
import type { MemoryEngine } from '../memory-engine/memory-engine.ts';
import { memoryStream } from '../memory-engine/memory-stream.ts';
import { type WaitOptions, within } from '../wait.ts';

/** How a test's client connects. */
export interface ConnectClientOptions extends WaitOptions {
  /** Speaks TLS, with these options of `tls.connect()` (`ca`, `servername`, `cert`, `ALPNProtocols`, ...). */
  readonly tls?: ConnectionOptions | undefined;
  /** The memory engine that the server is on. Default: a real socket, by Node's own `net`. */
  readonly engine?: MemoryEngine | undefined;
  /**
   * Who the client is to be: `['127.0.0.2', 0]` is another host of the loopback network with a free port. In memory any
   * address goes. Not for Unix sockets.
   */
  readonly localAddress?: SocketAddress | undefined;
}

/** A connected, paused stream, and what a plain `Duplex` cannot tell or do. */
export interface RawStream {
  readonly duplex: Duplex;
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  /** Ends the connection at once; a TCP peer sees a reset. */
  reset(): void;
}

/** Opens a stream, by what moves it; nothing is read from it yet. */
export async function openStream(
  input: InetAddressInput | UnixAddressInput,
  options: ConnectClientOptions,
): Promise<RawStream> {
  const address = isUnixInput(input) ? parseUnixAddress(input) : parseInetAddress(input, undefined);
  const { engine, localAddress } = options;
  if (engine !== undefined) {
    if (options.tls !== undefined)
      throw new TypeError('Cannot connect: tls does not go with the memory engine');
    return streamInMemory(await engine.connect(address, { localAddress }));
  }
  const socket = net.connect({
    ...connectionOptions(address, localAddress),
    allowHalfOpen: true,
    noDelay: true,
  });
  socket.pause(); // before it is connected, so that nothing is read from the kernel that nobody asks for
  const stream = options.tls === undefined ? socket : tls.connect({ ...options.tls, socket });
  stream.pause();
  try {
    const ready = opened(stream, options.tls === undefined ? 'connect' : 'secureConnect');
    await within(ready, () => `a connection to ${formatAddress(address)}`, options);
  } catch (error) {
    stream.destroy();
    socket.destroy();
    throw error;
  }
  return {
    duplex: stream,
    localAddress: isInetAddress(address) ? inetAddress(socket.localAddress!, socket.localPort!) : '',
    remoteAddress: address,
    reset: () => void (isInetAddress(address) ? socket.resetAndDestroy() : socket.destroy()),
  };
}

/** The client's end of a connection of the memory engine. */
export function streamInMemory(connection: Connection): RawStream {
  const duplex = memoryStream(connection);
  const { localAddress, remoteAddress } = connection;
  const reset = (): void => {
    connection.reset();
    duplex.destroy();
  };
  return { duplex, localAddress, remoteAddress, reset };
}

function connectionOptions(address: SocketAddress, local: SocketAddress | undefined): net.NetConnectOpts {
  if (!isInetAddress(address)) {
    if (local === undefined) return { path: address };
    throw new TypeError('Cannot connect: localAddress must be absent for a Unix socket');
  }
  const [host, port] = address;
  if (local === undefined) return { host, port };
  if (!isInetAddress(local)) throw new TypeError('Cannot connect: localAddress must be a host and a port');
  return { host, port, localAddress: local[0], ...(local[1] !== 0 && { localPort: local[1] }) };
}

/** Resolves when `socket` is open; rejects with its error, also where it merely closes. */
function opened(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed before it was open')));
  });
}

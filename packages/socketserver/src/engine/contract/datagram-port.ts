import type { SocketAddress } from '../../address/socket-address.ts';
import type { BindOptions, RequestSource } from './request-source.ts';

/** A bound datagram socket. */
export interface DatagramPort extends RequestSource {
  readonly address: SocketAddress;

  /** Takes the datagram that has waited longest, or `undefined` when none waits. @throws the operating system's error. */
  receive(): Datagram | undefined;

  /**
   * Sends one datagram. Many of one turn may become one system call.
   *
   * @param from - the address of ours that it shall leave from: a {@link Datagram.localAddress} of this port. Engines
   *   that give none ignore it.
   * @returns nothing when it went out or was copied; a promise when the kernel's buffer is full: `bytes` are the
   * engine's until that settles. An error of the operating system (`EMSGSIZE`, ...) is thrown or rejects.
   */
  send(bytes: Uint8Array, address: SocketAddress, from?: SocketAddress): Promise<void> | undefined;

  /**
   * Has the kernel give what comes from now on to the other sockets of this port (`SO_REUSEPORT`), so that nothing is
   * lost by closing this one. What has come already can still be received; nothing can be sent any more. Where the
   * system has no way for that, datagrams go on coming.
   */
  leavePort(): void;

  /** Datagrams dropped at `maxPending` so far. */
  readonly dropped: number;

  setBroadcast(on: boolean): void;
  addMembership(group: string, networkInterface?: string): void;
  dropMembership(group: string, networkInterface?: string): void;
  setMulticastTTL(ttl: number): void;
  setMulticastLoopback(on: boolean): void;
  setMulticastInterface(networkInterface: string): void;
}

/** One datagram that has come, and from whom. */
export interface Datagram {
  /** The bytes; they belong to the receiver of this object. */
  readonly bytes: Buffer;
  readonly remoteAddress: SocketAddress;
  /** Whether bytes beyond `maxPacketSize` were cut off. */
  readonly truncated: boolean;
  /** The address of ours that it was sent to, where the port is bound to any address and the engine can tell. */
  readonly localAddress?: SocketAddress | undefined;
}

/** How a socket for datagrams is bound, and what it keeps for whoever is slow to ask. */
export interface DatagramBindOptions extends BindOptions {
  /** Bytes that one datagram may hold; the rest is cut off and {@link Datagram.truncated} is set. */
  readonly maxPacketSize: number;
  /** Datagrams that may wait for {@link DatagramPort.receive}, where the engine cannot leave them in the kernel. */
  readonly maxPending: number;
  /** Which one goes when a further datagram arrives at that limit. */
  readonly whenFull: 'drop-oldest' | 'drop-newest';
  /** `SO_RCVBUF` and `SO_SNDBUF`, in bytes; `undefined` leaves the system's default. */
  readonly receiveBufferBytes?: number | undefined;
  readonly sendBufferBytes?: number | undefined;
}

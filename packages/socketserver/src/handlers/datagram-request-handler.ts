import type { SocketAddress } from '../address/socket-address.ts';
import type { DatagramRequest, DatagramSocket } from '../request/datagram-socket.ts';
import { PacketReader } from '../request/packet-reader.ts';
import { PacketWriter } from '../request/packet-writer.ts';
import type { ServerView } from './server-view.ts';
import { BaseRequestHandler } from './base-request-handler.ts';

/**
 * A handler that reads its datagram and writes one reply like files: `rfile` and `wfile`.
 *
 * @example
 * class Shout extends DatagramRequestHandler {
 *   override handle() {
 *     this.wfile.write(this.packet.toString().toUpperCase());
 *   }
 * }
 *
 * @see CPython `socketserver.DatagramRequestHandler`
 */
export class DatagramRequestHandler<
  Address extends SocketAddress = SocketAddress,
  Server extends ServerView = ServerView,
> extends BaseRequestHandler<DatagramRequest<Address>, Address, Server> {
  /** The datagram's bytes. */
  packet!: Buffer;
  /** Whether the datagram was longer than the server's `maxPacketSize`, so that `packet` lacks its end. */
  isTruncated!: boolean;
  /** The number of this request: its server counts from 1. */
  requestId!: number;
  /** The server's socket. */
  socket!: DatagramSocket<Address>;
  rfile!: PacketReader;
  wfile!: PacketWriter;

  override setup(): Promise<void> | void {
    [this.packet, this.socket, this.isTruncated, this.requestId] = this.request;
    this.rfile = new PacketReader(this.packet);
    this.wfile = new PacketWriter();
  }

  /**
   * Sends what `wfile` holds as one datagram, also when `handle` threw. Nothing is sent when nothing was written,
   * or when the client has no address to answer to (an unnamed Unix socket, or port 0).
   */
  override finish(): Promise<void> | void {
    if (!this.wfile.hasWritten || !canBeAnswered(this.clientAddress)) return undefined;
    return this.socket.sendto(this.wfile.getvalue(), this.clientAddress);
  }
}

/** A client that wants no answer sends from no address. [RFC 768: source port; unix(7): unnamed] */
function canBeAnswered(address: SocketAddress): boolean {
  return typeof address === 'string' ? address !== '' : address[1] !== 0;
}

import type { RemoteInfo, Socket } from 'node:dgram';

/** What lies under a `dgram.Socket`, as far as we look at it. [Node: lib/dgram.js, src/udp_wrap.cc] */
interface UDPHandle {
  readonly fd?: number;
  /** @returns an error below 0; 0 when the datagram waits for the kernel; the bytes sent plus 1. */
  send: (
    request: SendRequest,
    list: readonly Uint8Array[],
    count: number,
    port: number,
    host: string,
    hasCallback: boolean,
  ) => number;
  onmessage?: (length: number, handle: UDPHandle, bytes?: Buffer, sender?: RemoteInfo) => void;
}

/** Node's record of one send; `oncomplete` is called for those that had to wait. */
export interface SendRequest {
  oncomplete?: (error: number) => void;
  /** Keeps what is being sent alive. */
  list?: readonly Uint8Array[];
}

/** `SOCKETSERVER_NODE_HANDLES=0` turns the undocumented way off, here as for streams. */
const isEnabled = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

/** Node shows the handle under a private symbol only; `undefined` where a later version has none. */
function handleOf(socket: Socket): UDPHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (symbol === undefined) return undefined;
  const state = (socket as unknown as Record<symbol, { handle?: UDPHandle | null }>)[symbol];
  return state?.handle ?? undefined;
}

/** The descriptor of a datagram socket, or -1. */
export function descriptorOf(socket: Socket): number {
  return handleOf(socket)?.fd ?? -1;
}

/**
 * Sends and receives on the handle of a bound `dgram.Socket`. Its kernel's answer to a send is there as soon as that
 * returns, where the socket tells by a callback, with a closure, a record and a turn for each datagram, though nearly
 * all are sent at once.
 */
export class DatagramHandle {
  /** The last send, where its datagram waits for the kernel. */
  request: SendRequest = {};
  readonly #socket: Socket;
  readonly #handle: UDPHandle;
  /** Node's class of records, which only a send shows. */
  #SendRequest: (new () => SendRequest) | undefined;
  /** A record that no datagram waits on: nearly all are sent with the same one. */
  #unused: SendRequest | undefined;
  readonly #list: Uint8Array[] = [];

  private constructor(socket: Socket, handle: UDPHandle) {
    this.#socket = socket;
    this.#handle = handle;
  }

  /** @returns `undefined` where this version of Node does not let us look. */
  static of(socket: Socket): DatagramHandle | undefined {
    const handle = isEnabled ? handleOf(socket) : undefined;
    return typeof handle?.send === 'function' ? new DatagramHandle(socket, handle) : undefined;
  }

  /** Gives datagrams to `received` instead of the socket's listeners. @returns whether it could. */
  intercept(received: (bytes: Buffer, sender: RemoteInfo) => void): boolean {
    const handle = this.#handle;
    const { onmessage } = handle;
    if (typeof onmessage !== 'function') return false;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a handle has none
    handle.onmessage = (length, self, bytes, sender) => {
      if (length >= 0 && bytes !== undefined && sender !== undefined) received(bytes, sender);
      else onmessage.call(self, length, self, bytes, sender); // an error
    };
    return true;
  }

  /**
   * @returns as {@link UDPHandle.send}; `undefined` where the socket did not come to the handle in this call, and sends
   *   by itself: then this object is of no use.
   * @throws Node's error for what is no datagram or no address.
   */
  send(bytes: Uint8Array, port: number, host: string): number | undefined {
    // The handle ends the process for what the socket refuses.
    const isSound =
      ArrayBuffer.isView(bytes) && typeof host === 'string' && port > 0 && (port & 0xffff) === port;
    if (this.#SendRequest === undefined || !isSound) return this.#sendBySocket(bytes, port, host);
    const request = this.#unused ?? new this.#SendRequest();
    const list = this.#list;
    list[0] = bytes;
    const result = this.#handle.send(request, list, 1, port, host, true); // so that oncomplete is called
    this.#unused = result > 0 ? request : undefined;
    if (result === 0) {
      request.list = [bytes];
      this.request = request;
    }
    return result;
  }

  #sendBySocket(bytes: Uint8Array, port: number, host: string): number | undefined {
    const handle = this.#handle;
    const { send } = handle;
    let result: number | undefined;
    handle.send = (request, list, count, toPort, toHost) => {
      this.#SendRequest = request.constructor as new () => SendRequest;
      this.request = request;
      return (result = send.call(handle, request, list, count, toPort, toHost, true));
    };
    try {
      this.#socket.send(bytes, port, host);
    } finally {
      handle.send = send;
    }
    return result;
  }
}

import type { Socket } from 'node:dgram';

/** What lies under a `dgram.Socket`, as far as we look at it. [Node: lib/dgram.js, src/udp_wrap.cc] */
interface DatagramHandle {
  readonly fd?: number;
  /** @returns an error below 0; 0 when the datagram waits for the kernel; the bytes sent plus 1. */
  send: (
    request: SendRequest,
    list: unknown,
    count: number,
    port: number,
    host: string,
    hasCallback: boolean,
  ) => number;
}

/** Node's record of one send; `oncomplete` is called for those that had to wait. */
export interface SendRequest {
  oncomplete?: (error: number) => void;
}

/** Node shows the handle under a private symbol only; `undefined` where a later version has none. */
function handleOf(socket: Socket): DatagramHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (symbol === undefined) return undefined;
  const state = (socket as unknown as Record<symbol, { handle?: DatagramHandle | null }>)[symbol];
  return state?.handle ?? undefined;
}

/** The descriptor of a datagram socket, or -1. */
export function descriptorOf(socket: Socket): number {
  return handleOf(socket)?.fd ?? -1;
}

/**
 * Sees what the kernel answers to each `socket.send()` as soon as that returns, where Node itself tells only by a
 * callback: that would cost a closure, a promise and a turn for every datagram, though nearly all are sent at once.
 */
export class SendWatch {
  /** The answer to the last send: see {@link DatagramHandle.send}. */
  result = 0;
  /** The last send. */
  request: SendRequest = {};

  /** @returns `undefined` where this version of Node does not let us look. */
  static on(socket: Socket): SendWatch | undefined {
    const handle = handleOf(socket);
    if (typeof handle?.send !== 'function') return undefined;
    const watch = new SendWatch();
    const { send } = handle;
    handle.send = (request, list, count, port, host) => {
      watch.request = request;
      watch.result = send.call(handle, request, list, count, port, host, true); // so that oncomplete is called
      return watch.result;
    };
    return watch;
  }
}

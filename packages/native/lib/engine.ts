import { Arrivals, type Arrived } from './arrivals.ts';
import type { Binding } from './binding.ts';
import { endpoint } from './endpoint.ts';
import { type ConnectionOwner, NativeConnection } from './connection.ts';
import { NativeCrossing } from './crossing.ts';
import type {
  BindOptions,
  ConnectOptions,
  Connection,
  DatagramBindOptions,
  Engine,
  HandedOver,
  SocketAddress,
} from './contract.ts';
import { batchSizeFor, NativeDatagramPort, type PortOptions } from './datagram-port.ts';
import type { BufferSizes } from './datagram-socket.ts';
import {
  EVENT_BYTES,
  EVENT_CLOSED,
  EVENT_CONNECTED,
  EVENT_COUNT,
  EVENT_DRAINED,
  EVENT_ENDED,
  EVENT_FILE_SENT,
  EVENT_LARGE_BYTES,
  EVENT_READY,
  EVENT_SEND_FAILED,
  EVENT_WORDS,
  EVENT_WRITABLE,
  OPERATIONS,
} from './layout.ts';
import { NativeListener } from './listener.ts';
import { type LargeMemoryTaken, Mailbox } from './mailbox.ts';
import { openConnection } from './open-connection.ts';
import { osError } from './os-error.ts';
import { adoptHandedOver } from './adopt-handed-over.ts';

/** A source of requests, as the engine tells it that some wait. */
interface Waiter {
  readonly slot: number;
  readonly generation: number;
  onReady(): void;
  onWritable?(): void;
  onSendFailed?(): void;
}

/** The native engine of one thread. */
export class NativeEngine implements Engine, ConnectionOwner {
  readonly name = 'native';
  readonly binding: Binding;
  readonly mailbox: Mailbox;
  readonly #connections: (NativeConnection | undefined)[] = [];
  readonly #waiters = new Map<number, Waiter>();
  /** What comes by the crossing that this thread has joined. */
  #arrivals: Arrivals | undefined;
  /** Connections on their way, by slot. */
  readonly #connecting = new Map<number, (error: Error | undefined) => void>();

  /** @throws the operating system's error, where it gives this thread no epoll instance. */
  constructor(binding: Binding, largeMemoryTaken: LargeMemoryTaken) {
    this.binding = binding;
    this.mailbox = new Mailbox(binding, largeMemoryTaken);
    const status = this.mailbox.open(() => this.#dispatch());
    if (status < 0) throw osError(status, 'epoll_create1');
  }

  bindStream(address: SocketAddress, options: BindOptions): NativeListener {
    this.mailbox.reserveSlot();
    const status = this.binding.bindStream(...endpoint(address), ...flags(options));
    if (status < 0) throw osError(status, 'bind', address);
    return this.#watch(new NativeListener(this));
  }

  bindDatagram(address: SocketAddress, options: DatagramBindOptions): NativeDatagramPort {
    this.mailbox.reserveSlot();
    const batchSize = batchSizeFor(options);
    const status = this.binding.bindDatagram(
      ...endpoint(address),
      ...flags(options),
      options.maxPacketSize,
      batchSize,
    );
    if (status < 0) throw osError(status, 'bind', address);
    const port = this.#watch(new NativeDatagramPort(this, options));
    port.setBufferSizes(options);
    return port;
  }

  /** Takes a listening (or only bound) stream socket that this process has inherited, such as systemd's. */
  adoptListener(fd: number): NativeListener {
    this.mailbox.reserveSlot();
    const status = this.binding.adoptListener(fd);
    if (status < 0) throw osError(status, 'adopt');
    return this.#watch(new NativeListener(this));
  }

  /** Takes a bound datagram socket that this process has inherited. */
  adoptDatagram(fd: number, options: PortOptions & BufferSizes): NativeDatagramPort {
    this.mailbox.reserveSlot();
    const batchSize = batchSizeFor(options);
    const status = this.binding.adoptDatagram(fd, options.maxPacketSize, batchSize);
    if (status < 0) throw osError(status, 'adopt');
    const port = this.#watch(new NativeDatagramPort(this, options));
    port.setBufferSizes(options);
    return port;
  }

  connect(address: SocketAddress, options?: ConnectOptions): Promise<Connection> {
    return openConnection(this, address, options?.signal);
  }

  openCrossing(): NativeCrossing {
    return new NativeCrossing(this);
  }

  joinCrossing(number: number, arrived: Arrived): Arrivals {
    this.#arrivals = new Arrivals(this, number, arrived);
    return this.#arrivals;
  }

  adopt(handedOver: HandedOver): Connection {
    return adoptHandedOver(this, handedOver);
  }

  /** Connections and ports are found by slot from here on. */
  enter(connection: NativeConnection): NativeConnection {
    this.#connections[connection.slot] = connection;
    return connection;
  }

  forget(connection: NativeConnection): void {
    if (this.#connections[connection.slot] === connection) this.#connections[connection.slot] = undefined;
  }

  forgetWaiter(waiter: Waiter): void {
    if (this.#waiters.get(waiter.slot) === waiter) this.#waiters.delete(waiter.slot);
  }

  /** Calls `settle` once, when the connection is made or has failed. */
  whenConnected(connection: NativeConnection, settle: (error: Error | undefined) => void): void {
    this.#connecting.set(connection.slot, settle);
  }

  #watch<T extends Waiter>(waiter: T): T {
    this.#waiters.set(waiter.slot, waiter);
    return waiter;
  }

  /**
   * One round: C++ calls this with all news since the last. Handlers that wait for it go on in microtasks, after
   * the last event, and what they write is sent when those are done.
   */
  #dispatch(): void {
    this.#arrivals?.onNews();
    const { events, header } = this.mailbox;
    const end = header[EVENT_COUNT]! * EVENT_WORDS;
    for (let at = 0; at < end; at += EVENT_WORDS) {
      try {
        this.#tell(events, at);
      } catch (error) {
        // One handler's fault must not cost the others their news.
        process.nextTick(() => {
          throw error;
        });
      }
    }
    this.mailbox.refill();
  }

  #tell(events: Int32Array, at: number): void {
    const slot = events[at + 1]!;
    const connection = this.#connections[slot];
    if (connection === undefined || connection.generation !== events[at + 2]) {
      this.#tellWaiter(events, at);
      return;
    }
    switch (events[at]) {
      case EVENT_BYTES: {
        const offset = events[at + 3]!;
        connection.onBytes(this.mailbox.slab.subarray(offset, offset + events[at + 4]!));
        return;
      }
      case EVENT_LARGE_BYTES:
        connection.onBytes(this.mailbox.takeSpare(events[at + 3]!, events[at + 4]!));
        return;
      case EVENT_ENDED:
        connection.onEnded();
        return;
      case EVENT_DRAINED:
        connection.onDrained();
        return;
      case EVENT_FILE_SENT:
        connection.onFileSent((events[at + 3]! >>> 0) + events[at + 4]! * 2 ** 32);
        return;
      case EVENT_CONNECTED:
        this.#settle(slot, undefined);
        return;
      case EVENT_CLOSED: {
        this.#connections[slot] = undefined;
        const errno = events[at + 3]!;
        const error = errno === 0 ? undefined : osError(errno, OPERATIONS[events[at + 4]!]!);
        this.#settle(slot, error);
        connection.onClosed(error);
      }
    }
  }

  #tellWaiter(events: Int32Array, at: number): void {
    if (events[at] === EVENT_LARGE_BYTES) this.mailbox.replaceSpare(events[at + 3]!);
    const waiter = this.#waiters.get(events[at + 1]!);
    if (waiter === undefined || waiter.generation !== events[at + 2]) return;
    if (events[at] === EVENT_READY) waiter.onReady();
    if (events[at] === EVENT_WRITABLE) waiter.onWritable?.();
    if (events[at] === EVENT_SEND_FAILED) waiter.onSendFailed?.();
  }

  #settle(slot: number, error: Error | undefined): void {
    if (this.#connecting.size === 0) return;
    const settle = this.#connecting.get(slot);
    this.#connecting.delete(slot);
    settle?.(error);
  }
}

function flags(options: BindOptions): [number, number, number, number] {
  const { reuseAddress, reusePort, ipv6Only, mode } = options;
  return [Number(reuseAddress), Number(reusePort), Number(ipv6Only), mode ?? -1];
}

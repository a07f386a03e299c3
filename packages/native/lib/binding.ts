import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * The functions of the addon. Each gives 0 or what is said here, or a negative errno. A socket is named by its
 * slot and generation; what a call answers beside its number stands in the reply words of the header.
 */
export interface Binding {
  /** The sizes of `src/layout.h`. */
  readonly layout: Readonly<Record<string, number>>;

  open(
    header: Int32Array,
    events: Int32Array,
    commands: Int32Array,
    outgoing: Uint8Array,
    names: Uint8Array,
    datagrams: Int32Array,
    slots: Int32Array,
    dispatch: () => void,
  ): number;
  setSlots(slots: Int32Array): number;
  setSlab(slab: Buffer): number;
  setSpare(index: number, spare: Buffer): number;
  flush(): void;

  bindStream(
    hostOrPath: string,
    port: number,
    reuseAddress: number,
    reusePort: number,
    ipv6Only: number,
    mode: number,
  ): number;
  adoptListener(fd: number): number;
  listen(slot: number, generation: number, backlog: number): number;
  /** 1 or 0. */
  isReady(slot: number, generation: number): number;
  /** -EAGAIN when nobody waits. */
  accept(slot: number, generation: number): number;
  closeSource(slot: number, generation: number): number;
  /** -EINPROGRESS when an event will tell. */
  connect(hostOrPath: string, port: number): number;
  adopt(fd: number, inode: number): number;
  inode(fd: number): number;
  duplicate(fd: number): number;
  /** 1 when the memory is the caller's again, 0 when {@link EVENT_DRAINED} will say so. */
  write(slot: number, generation: number, bytes: Uint8Array): number;
  /** Bytes that went out and that the peer has acknowledged. */
  bytesTaken(slot: number, generation: number): number;
  sendFile(slot: number, generation: number, file: number, offset: number, length: number): number;
  reset(slot: number, generation: number): number;
  /** The descriptor, which is the caller's now; -EBUSY while something waits to be sent. */
  release(slot: number, generation: number): number;
  localAddress(slot: number, generation: number): number;
  remoteAddress(slot: number, generation: number): number;
  /** The process, user and group in the reply's slot, generation and descriptor. */
  peerCredentials(slot: number, generation: number): number;
  setNoDelay(slot: number, generation: number, on: number): number;
  setKeepAlive(slot: number, generation: number, on: number, initialDelaySeconds: number): number;

  bindDatagram(
    hostOrPath: string,
    port: number,
    reuseAddress: number,
    reusePort: number,
    ipv6Only: number,
    mode: number,
    maxPacketSize: number,
    batchSize: number,
  ): number;
  adoptDatagram(fd: number, maxPacketSize: number, batchSize: number): number;
  /** The number of datagrams in the slab; or a buffer of their own, and the number in the reply's slot. */
  receive(slot: number, generation: number): number | Buffer;
  /** `fromHost` is a host of ours, or ''. */
  sendTo(
    slot: number,
    generation: number,
    bytes: Uint8Array,
    hostOrPath: string,
    port: number,
    fromHost: string,
  ): number;
  setSocketOption(slot: number, generation: number, name: SocketOption, value: number): number;
  setMembership(
    slot: number,
    generation: number,
    join: number,
    group: string,
    networkInterface: string,
  ): number;
  leavePort(slot: number, generation: number): number;
  setMulticastInterface(slot: number, generation: number, networkInterface: string): number;
  notify(path: string, bytes: Uint8Array): number;

  /** Its number. */
  openCrossing(): number;
  closeCrossing(number: number): number;
  joinCrossing(number: number, records: Float64Array): number;
  /** The number of records. */
  takeArrivals(): number;
  arrivalName(index: number): string;
  /** -EBUSY while something waits to be sent. */
  cross(
    slot: number,
    generation: number,
    crossing: number,
    id: number,
    requestId: number,
    after: number,
    hostOrName: number | string,
    port: number,
  ): number;

  /** -EAGAIN while a client is taken ahead, -EAFNOSUPPORT where clients do not come by IPv4. */
  lend(
    slot: number,
    generation: number,
    crossing: number,
    nextNumber: number,
    after: number,
    quota: number,
  ): number;
  /** The number of the next client; 0 where the listener is gone, with all its loans. */
  takeBack(slot: number, generation: number, crossing: number): number;
  /** 1 or 0. */
  hasClients(slot: number, generation: number): number;
  /** The state of the loan, the borrower's CPU time, and three words for each client that was accepted since the last look. */
  lookAtLoan(crossing: number): Float64Array;

  /** Puts the reading end and the writing end into the array. */
  makePipe(ends: Int32Array): number;
  closeOnExec(fd: number): number;

  /**
   * The number of the process. Where it fails, the first number is the step that did. `exited` is given -1 as the code of
   * a process that a signal has ended, and 0 as the signal of one that has ended by itself.
   */
  startProcess(
    texts: Uint8Array,
    numbers: Int32Array,
    exited: (code: number, signal: number) => void,
  ): number;
  /** -EALREADY when this process was asked to before. */
  endWithParent(parent: number, graceMs: number): number;
}

export type SocketOption =
  'broadcast' | 'receiveBuffer' | 'sendBuffer' | 'multicastTTL' | 'multicastLoopback';

/**
 * Loads the addon: a prebuilt one, or what the install built.
 *
 * @throws the loader's error where there is neither, or where it does not fit this system.
 */
export function loadBinding(): Binding {
  const load = createRequire(import.meta.url)('node-gyp-build') as (directory: string) => Binding;
  return load(fileURLToPath(new URL('..', import.meta.url)));
}

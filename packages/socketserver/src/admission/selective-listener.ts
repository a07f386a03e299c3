import type { SocketAddress } from '../address/socket-address.ts';
import type { RefusalReason } from '../diagnostics/refusal-events.ts';
import type { Connection, Listener } from '../engine/contract/connection.ts';
import { RequestQueue } from '../engine/request-queue.ts';
import type { AccessLists } from './access-lists.ts';
import { addressGroup } from './address-group.ts';
import { AddressShares } from './address-shares.ts';

/** How many may come in of one client, and wait for what comes next. */
export interface ClientLimits {
  readonly maxConnectionsPerAddress: number;
  readonly maxPending: number;
  readonly onLimit: 'wait' | 'refuse';
}

/** A connection that is open, for counting. */
export interface OpenClient {
  readonly holder: object;
  readonly address: SocketAddress;
}

/** What a {@link SelectiveListener} goes by. */
export interface SelectiveListenerParts {
  readonly limits: ClientLimits;
  readonly access: AccessLists;
  /** Whether a further connection may be open. */
  readonly hasRoom: () => boolean;
  /** Connections that wait for a worker. */
  readonly pending: () => number;
  /** Connections that are open and came through here. */
  readonly open: () => Iterable<OpenClient>;
  /** Learns of a client that was turned away. */
  readonly refused: (connection: Connection, reason: RefusalReason) => void;
}

/**
 * A listener that gives the clients that may come, by their addresses. One whose address has its share of connections
 * waits here, beside the others and out of their way, until it has room; or is turned away.
 */
export class SelectiveListener implements Listener {
  readonly #under: Listener;
  readonly #parts: SelectiveListenerParts;
  /** Kept while there is a limit for each address. */
  #shares: AddressShares | undefined;
  /** What those count as whose address does not tell. */
  #groups = new WeakMap<object, string>();
  /** Those that waited, and may come now: they count already. */
  readonly #due = new RequestQueue<Connection>();
  #wake: (() => void) | undefined;

  constructor(under: Listener, parts: SelectiveListenerParts) {
    this.#under = under;
    this.#parts = parts;
    this.#setShares();
  }

  get address(): SocketAddress {
    return this.#under.address;
  }

  get fd(): number {
    return this.#under.fd;
  }

  get isReady(): boolean {
    return !this.isHeldUp && (this.#isDue() || this.#under.isReady);
  }

  /** Whether some that have waited may come now, and are there, accepted, for nobody else to take. */
  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  /** Whether so many wait for a worker that nobody else may come. */
  get isHeldUp(): boolean {
    const { limits, pending } = this.#parts;
    return limits.onLimit === 'wait' && pending() >= limits.maxPending;
  }

  listen(backlog: number): void {
    this.#under.listen(backlog);
  }

  accept(): Connection | undefined {
    if (this.isHeldUp) return undefined;
    if (this.#isDue()) return this.#permitted(this.#due.take()!);
    const connection = this.#under.accept();
    return connection && this.#judge(connection);
  }

  notify(wake: (() => void) | undefined): void {
    this.#wake = wake;
    this.#arm();
  }

  /** What was given is a request now, or something else that will be closed by and by. */
  opened(holder: object, connection: Connection): void {
    if (this.#shares === undefined || typeof connection.remoteAddress !== 'string') return;
    const group = groupOf(connection);
    if (group !== undefined) this.#groups.set(holder, group);
  }

  /** What was given is closed. */
  closed(holder: object, address: SocketAddress): void {
    const group = this.#shares && this.#groupOfClient({ holder, address });
    const next = group === undefined ? undefined : this.#shares!.leave(group);
    if (next !== undefined) this.#due.push(next);
    this.roomChanged();
  }

  /** There may be room for a further connection. */
  roomChanged(): void {
    if (this.#due.length > 0) this.#arm();
  }

  /** Fewer wait for a worker than before. */
  pendingChanged(): void {
    if (this.#wake !== undefined) this.#arm();
  }

  /** A limit was set. */
  limitsChanged(): void {
    this.#setShares();
    if (this.#parts.limits.onLimit === 'refuse') {
      for (const connection of this.#shares?.clear() ?? [])
        this.#refuse(connection, 'maxConnectionsPerAddress');
    }
    this.#arm();
  }

  close(): Promise<void> {
    this.#wake = undefined;
    for (const connection of [...this.#due.clear(), ...(this.#shares?.clear() ?? [])]) connection.reset();
    return this.#under.close();
  }

  /** Whether one that has waited may come now. */
  #isDue(): boolean {
    return this.#due.length > 0 && this.#parts.hasRoom();
  }

  #judge(connection: Connection): Connection | undefined {
    const { limits, access, pending } = this.#parts;
    if (!access.permits(connection.remoteAddress)) return this.#refuse(connection, 'access');
    if (pending() >= limits.maxPending) return this.#refuse(connection, 'maxPending');
    if (this.#shares === undefined) return connection;
    const group = groupOf(connection);
    if (group === undefined || this.#shares.enter(group)) return connection;
    if (limits.onLimit === 'refuse' || this.#shares.waiting >= limits.maxPending)
      return this.#refuse(connection, 'maxConnectionsPerAddress');
    this.#shares.park(group, connection);
    return undefined;
  }

  /** The lists may have changed while it waited. */
  #permitted(connection: Connection): Connection | undefined {
    if (this.#parts.access.permits(connection.remoteAddress)) return connection;
    const group = groupOf(connection);
    const next = group === undefined ? undefined : this.#shares?.leave(group);
    if (next !== undefined) this.#due.push(next);
    return this.#refuse(connection, 'access');
  }

  #refuse(connection: Connection, reason: RefusalReason): undefined {
    connection.reset();
    this.#parts.refused(connection, reason);
  }

  #groupOfClient({ holder, address }: OpenClient): string | undefined {
    return typeof address === 'string' ? this.#groups.get(holder) : addressGroup(address[0]);
  }

  #setShares(): void {
    const { maxConnectionsPerAddress: max } = this.#parts.limits;
    if (max === Infinity) {
      for (const connection of this.#shares?.clear() ?? []) this.#due.push(connection);
      this.#shares = undefined;
    } else if (this.#shares === undefined) {
      this.#shares = new AddressShares(max);
      this.#countOpen(this.#shares);
    } else {
      for (const connection of this.#shares.change(max)) this.#due.push(connection);
    }
  }

  #countOpen(shares: AddressShares): void {
    this.#groups = new WeakMap();
    for (const client of this.#parts.open()) {
      const group = this.#groupOfClient(client);
      if (group !== undefined) shares.count(group);
    }
    for (const connection of this.#due) {
      const group = groupOf(connection);
      if (group !== undefined) shares.count(group);
    }
  }

  #arm(): void {
    const isAwaited = this.#wake !== undefined && !this.isHeldUp;
    this.#under.notify(isAwaited ? this.#woken : undefined);
    if (isAwaited && this.#isDue()) queueMicrotask(this.#woken);
  }

  readonly #woken = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}

/** What a connection counts as; `undefined` where nobody can tell whose it is. */
function groupOf({ remoteAddress, peerCredentials }: Connection): string | undefined {
  if (typeof remoteAddress !== 'string') return addressGroup(remoteAddress[0]);
  return peerCredentials && `user ${peerCredentials.uid}`;
}

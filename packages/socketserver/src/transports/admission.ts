import type { AccessLists } from '../admission/access-lists.ts';
import { type CrowdLimits, LimitedListener } from '../admission/limited-listener.ts';
import { type ClientLimits, type OpenClient, SelectiveListener } from '../admission/selective-listener.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import {
  clientRefusedChannel,
  limitReachedChannel,
  type RefusalReason,
} from '../diagnostics/refusal-events.ts';
import type { Clock } from '../engine/clock.ts';
import type { Connection, Listener } from '../engine/contract/connection.ts';
import { type Preparation, PreparedListener } from './prepared-listener.ts';

/** What an {@link Admission} goes by, and asks of its server. */
export interface AdmissionParts {
  readonly limits: CrowdLimits & ClientLimits;
  readonly access: AccessLists;
  readonly clock: Clock;
  readonly serverAddress: () => SocketAddress;
  /** Connections that are open, wherever they are served. */
  readonly openConnections: () => number;
  /** Looks at each of them. */
  readonly connections: () => Iterable<OpenClient>;
  /** Connections that wait for a worker. */
  readonly pending: () => number;
  /** A client was turned away. */
  readonly refused: () => void;
  /** The system could not give a client that was to be turned away. */
  readonly failed: (error: Error, retryMs: number) => void;
}

/** Who comes in of those who come to a stream server: limits and access lists, in listeners over the engine's. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #limited: LimitedListener;
  readonly #selective: SelectiveListener;
  /** Those before the address of the real client is known, and those behind. */
  readonly #before: PreparedListener[] = [];
  readonly #behind: PreparedListener[] = [];

  /** @param first - what has to be done before a client's address is known. */
  constructor(listener: Listener, first: Preparation | undefined, parts: AdmissionParts) {
    const { limits, access, clock, pending, failed } = parts;
    this.#parts = parts;
    this.#limited = new LimitedListener(listener, {
      limits,
      clock,
      open: () => this.#open(),
      full: () => this.#full(),
      refused: (connection, limit) => this.#refused(connection, limit),
      failed,
    });
    if (first !== undefined) this.#before.push(new PreparedListener(this.#limited, first));
    this.#selective = new SelectiveListener(this.#before[0] ?? this.#limited, {
      limits,
      access,
      hasRoom: () => this.#limited.hasRoom,
      pending,
      open: () => this.#clients(),
      refused: (connection, reason) => {
        this.#limited.uncount();
        this.#refused(connection, reason);
      },
    });
  }

  /** Gives those who may come in. */
  get listener(): Listener {
    return this.#selective;
  }

  /** Whether further clients have to wait. */
  get isAtLimit(): boolean {
    return !this.#limited.hasRoom || this.#selective.isHeldUp;
  }

  /** Whether clients are kept that may come in at once. */
  get hasDue(): boolean {
    return this.#selective.hasDue;
  }

  /** Has clients prepared that may come in; they count as connections meanwhile. */
  prepared(under: Listener, preparation: Preparation): Listener {
    const listener = new PreparedListener(under, preparation);
    this.#behind.push(listener);
    return listener;
  }

  /** A connection that was given is a request's now. */
  opened(holder: object, connection: Connection): void {
    this.#selective.opened(holder, connection);
    this.#limited.roomChanged();
  }

  /** It is closed; or one that was being prepared behind {@link listener} is. */
  closed(holder: object, address: SocketAddress): void {
    this.#selective.closed(holder, address);
    this.#limited.roomChanged();
  }

  /** One that was being prepared before its address was known is gone. */
  preparationFailed(): void {
    this.#selective.roomChanged();
    this.#limited.roomChanged();
  }

  /** Whether the server takes clients at all: only then is anybody turned away. */
  takes(isTaking: boolean): void {
    this.#limited.takes(isTaking);
  }

  /** Fewer wait for a worker than before. */
  pendingChanged(): void {
    this.#selective.pendingChanged();
  }

  /** A limit was set. */
  limitsChanged(): void {
    this.#limited.limitsChanged();
    this.#selective.limitsChanged();
  }

  #open(): number {
    let count = this.#parts.openConnections();
    for (const { held } of this.#before) count += held;
    for (const { held } of this.#behind) count += held;
    return count;
  }

  *#clients(): Iterable<OpenClient> {
    yield* this.#parts.connections();
    for (const listener of this.#behind) {
      for (const client of listener.clients()) yield { holder: client, address: client.remoteAddress };
    }
  }

  #full(): void {
    if (!limitReachedChannel.hasSubscribers) return;
    const { limits, serverAddress } = this.#parts;
    const value = limits.maxConnections;
    limitReachedChannel.publish({ serverAddress: serverAddress(), limit: 'maxConnections', value });
  }

  #refused({ remoteAddress: clientAddress }: Connection, reason: RefusalReason): void {
    const { refused, serverAddress } = this.#parts;
    refused();
    if (!clientRefusedChannel.hasSubscribers) return;
    clientRefusedChannel.publish({ serverAddress: serverAddress(), clientAddress, reason });
  }
}

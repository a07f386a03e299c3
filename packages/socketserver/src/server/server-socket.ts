import { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { ServerClosedError } from '../errors/server-errors.ts';

/** The socket of a server: bound once, and closed for good, whether it was bound or not. */
export class ServerSocket<Address extends SocketAddress, Source extends RequestSource> {
  readonly #requested: Address | InheritedSocket<Address>;
  #source: Source | undefined;
  #isClosed = false;

  /** @param requested - what the server was given. */
  constructor(requested: Address | InheritedSocket<Address>) {
    this.#requested = requested;
  }

  /** Where it is bound, also once it is closed; before that, what was asked for. */
  get address(): Address {
    if (this.#source !== undefined) return this.#source.address as Address;
    return this.#requested instanceof InheritedSocket ? this.#requested.unboundAddress : this.#requested;
  }

  /** What the server was given instead of an address. */
  get inherited(): InheritedSocket<Address> | undefined {
    return this.#requested instanceof InheritedSocket ? this.#requested : undefined;
  }

  /** What was bound, also once it is closed. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** What is bound now. @throws ServerClosedError where nothing is. */
  get opened(): Source {
    if (!this.isOpen) throw new ServerClosedError('use the socket');
    return this.#source!;
  }

  get isOpen(): boolean {
    return this.#source !== undefined && !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The descriptor; -1 where none is open, or the platform shows none. */
  get fd(): number {
    return this.#isClosed ? -1 : (this.#source?.fd ?? -1);
  }

  /** Binds it. @throws ServerClosedError; TypeError where it is bound; what `bind` does, with nothing changed. */
  bind(bind: (requested: Address | InheritedSocket<Address>) => Source): void {
    if (this.#isClosed) throw new ServerClosedError('serverBind');
    if (this.#source !== undefined)
      throw new TypeError('Cannot serverBind: the server must not be bound yet');
    this.#source = bind(this.#requested);
  }

  /** Nobody uses it from now on, but whoever frees it. */
  close(): void {
    this.#isClosed = true;
  }
}

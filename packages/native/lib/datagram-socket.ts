import type { Binding, SocketOption } from './binding.ts';
import type { DatagramBindOptions } from './contract.ts';
import { REPLY_GENERATION, REPLY_SLOT } from './layout.ts';
import type { Mailbox } from './mailbox.ts';
import { osError } from './os-error.ts';

export type BufferSizes = Pick<DatagramBindOptions, 'receiveBufferBytes' | 'sendBufferBytes'>;

/** What a datagram socket asks of the engine that made it. */
export interface SocketOwner {
  readonly binding: Binding;
  readonly mailbox: Mailbox;
}

/** A datagram socket by its place in the engine, and what may be set on it. */
export class DatagramSocket {
  readonly slot: number;
  readonly generation: number;
  readonly #owner: SocketOwner;

  /** Names the socket that the last reply is about. */
  constructor(owner: SocketOwner) {
    const { header } = owner.mailbox;
    this.#owner = owner;
    this.slot = header[REPLY_SLOT]!;
    this.generation = header[REPLY_GENERATION]!;
  }

  setBufferSizes({ receiveBufferBytes, sendBufferBytes }: BufferSizes): void {
    if (receiveBufferBytes !== undefined) this.#set('receiveBuffer', receiveBufferBytes);
    if (sendBufferBytes !== undefined) this.#set('sendBuffer', sendBufferBytes);
  }

  setBroadcast(on: boolean): void {
    this.#set('broadcast', Number(on));
  }

  setMulticastTTL(ttl: number): void {
    this.#set('multicastTTL', ttl);
  }

  setMulticastLoopback(on: boolean): void {
    this.#set('multicastLoopback', Number(on));
  }

  addMembership(group: string, networkInterface = ''): void {
    this.#changeMembership('addMembership', group, networkInterface);
  }

  dropMembership(group: string, networkInterface = ''): void {
    this.#changeMembership('dropMembership', group, networkInterface);
  }

  setMulticastInterface(networkInterface: string): void {
    const status = this.#owner.binding.setMulticastInterface(this.slot, this.generation, networkInterface);
    if (status < 0) throw osError(status, 'setMulticastInterface');
  }

  #set(name: SocketOption, value: number): void {
    const status = this.#owner.binding.setSocketOption(this.slot, this.generation, name, value);
    if (status < 0) throw osError(status, 'setsockopt');
  }

  #changeMembership(
    action: 'addMembership' | 'dropMembership',
    group: string,
    networkInterface: string,
  ): void {
    const joins = Number(action === 'addMembership');
    const { binding } = this.#owner;
    const status = binding.setMembership(this.slot, this.generation, joins, group, networkInterface);
    if (status < 0) throw osError(status, action);
  }
}

import { join } from 'node:path';
import type { SocketAddress } from '../../src/index.ts';
import { Service, type ServiceOptions } from '../support/systemd.ts';

/** A server that a service is to construct. */
export interface ServerDescription {
  /** The name of its class. */
  readonly server: string;
  /** The name of the class of its handlers, which the tests of workers have. */
  readonly handler: string;
  /** An address, `{ fd }`, or `{ systemd: name }`. */
  readonly address: unknown;
  readonly options?: object | undefined;
}

/** What the service says once it serves. */
export interface ServiceStart {
  readonly addresses: readonly SocketAddress[];
  readonly health: readonly SocketAddress[];
  /** Variables of systemd's that it has not taken away. */
  readonly left: readonly string[];
}

/** What the service says at its end. */
export interface ServiceEnd {
  /** The signal of each server. */
  readonly by: readonly (NodeJS.Signals | undefined)[];
  /** Listeners of signals that are left. */
  readonly listeners: number;
}

/** A process that serves as described, until a signal comes. */
export class DescribedService extends Service {
  constructor(
    servers: readonly ServerDescription[],
    { signals, ...options }: ServiceOptions & { readonly signals?: readonly NodeJS.Signals[] } = {},
  ) {
    const program = join(import.meta.dirname, 'programs/service.ts');
    const list = signals === undefined ? [] : [JSON.stringify(signals)];
    super([program, JSON.stringify(servers), ...list], options);
  }

  async started(): Promise<ServiceStart> {
    return JSON.parse(await this.line()) as ServiceStart;
  }

  async ended(): Promise<ServiceEnd> {
    return JSON.parse(await this.line()) as ServiceEnd;
  }
}

import type { SocketAddress } from '../address/socket-address.ts';

/** What a mixin needs of the server under it. */
export interface MixableServer {
  processRequest(request: unknown, clientAddress: SocketAddress): Promise<void> | void;
  runRequest(request: unknown, clientAddress: SocketAddress): Promise<void>;
}

/** A server class that a mixin may extend. TypeScript wants `any[]` for the constructor of a mixin's base (TS2545). */
// oxlint-disable-next-line typescript/no-explicit-any
export type ServerClass = new (...args: any[]) => MixableServer;

import type { SocketAddress, StreamServer, StreamSocket } from 'socketserver';
import type { OwnCore } from './core/own-core.ts';

/** A stream server of any transport and model. TypeScript wants `any[]` for the constructor of a mixin's base (TS2545). */
// oxlint-disable-next-line typescript/no-explicit-any
type StreamServerClass = new (...args: any[]) => StreamServer<any>;

/** What a guarded server can do besides serving. */
export interface Guarded {
  /** Has a core watch over the clients of this server until they are somebody. Before it serves. */
  guardBy(core: OwnCore, listener: number): void;
}

/** The class that has it. */
// oxlint-disable-next-line typescript/no-explicit-any
type GuardedClass = new (...args: any[]) => Guarded;

/** Makes a server class whose clients are watched over from the moment in which they are accepted, in every model. */
export function GuardMixIn<Base extends StreamServerClass>(Server: Base): Base & GuardedClass {
  abstract class GuardedServer extends Server implements Guarded {
    #core: OwnCore | undefined;
    #listener = 0;

    guardBy(core: OwnCore, listener: number): void {
      this.#core = core;
      this.#listener = listener;
    }

    override verifyRequest(request: StreamSocket, clientAddress: SocketAddress): boolean {
      const name = { listener: this.#listener, requestId: request.id };
      if (this.#core!.guard.came(name, request, hostOf(clientAddress))) return true;
      request.reset();
      return false;
    }

    override async finishRequest(request: StreamSocket, clientAddress: SocketAddress): Promise<void> {
      try {
        await super.finishRequest(request, clientAddress);
      } finally {
        this.#core!.guard.ended({ listener: this.#listener, requestId: request.id });
      }
    }

    override handleError(request: StreamSocket, clientAddress: SocketAddress, error: unknown): void {
      if (this.isPeerGone(request, error)) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#core!.publish({ type: 'connection-failed', address: hostOf(clientAddress), reason });
    }
  }
  return GuardedServer as unknown as Base & GuardedClass;
}

function hostOf(address: SocketAddress): string {
  return typeof address === 'string' ? 'unix' : address[0];
}

import {
  createMemoryEngine,
  type MemoryEngine,
  type MemoryEngineOptions,
} from './memory-engine/memory-engine.ts';
import type { AnyServer, RunningServer } from './running-server.ts';
import { startServer } from './start-server.ts';
import { VirtualClock } from './virtual-clock.ts';
import { type WaitOptions, within } from './wait.ts';

/** More virtual time than a drain takes that is left at its default. */
const drainedMs = 60_000;

/** A server in memory, with a time of its own, on which one request is served. */
export class HandlerBench<Server extends AnyServer> {
  readonly clock = new VirtualClock();
  readonly engine: MemoryEngine;
  readonly running: RunningServer<Server>;
  readonly #ended = Promise.withResolvers<void>();

  /** @param make - constructs the server on the engine. */
  constructor(
    make: (engine: MemoryEngine) => Server,
    { chunkBytes }: Pick<MemoryEngineOptions, 'chunkBytes'> = {},
  ) {
    this.engine = createMemoryEngine({ clock: this.clock, chunkBytes });
    const server = make(this.engine);
    const run = server.runRequest.bind(server);
    server.runRequest = async (request, clientAddress) => {
      await run(request, clientAddress);
      this.#ended.resolve();
    };
    this.running = startServer(server, { engine: this.engine });
  }

  /** Waits until the request was processed. */
  requestEnded(what: () => string, options: WaitOptions): Promise<void> {
    return within(this.#ended.promise, what, options);
  }

  /** Stops the server, whose drain takes no real time. @returns what the request threw, or what ended the server's loop. */
  async stop(): Promise<(Error & { readonly code?: unknown }) | undefined> {
    let failure: unknown;
    const stopped = this.running.stop().catch((error: unknown) => (failure = error));
    await this.clock.advance(drainedMs);
    await stopped;
    return this.running.errors[0]?.error ?? (failure as Error | undefined);
  }
}

import type { SocketAddress } from '../address/socket-address.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { ServerView } from '../handlers/server-view.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { WorkerStart } from './messages/worker-start.ts';

/** What a handler in a worker sees of its server. */
export class RemoteServerView implements ServerView {
  readonly serverAddress: SocketAddress;
  readonly workerData: unknown;
  readonly engine: Engine['name'];
  readonly #post: (message: FromWorker) => void;
  #waiting: (() => void)[] = [];

  constructor({ serverAddress, workerData, engine }: WorkerStart, post: (message: FromWorker) => void) {
    this.serverAddress = serverAddress;
    this.workerData = workerData;
    this.engine = engine;
    this.#post = post;
  }

  shutdown(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#post({ type: 'shutdown' });
    });
  }

  /** The server has answered. */
  hasShutDown(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import { HealthListener } from '../health/health-listener.ts';
import type { ResolvedHealthOptions } from '../health/health-options.ts';
import type { HealthReport, HealthStatus } from '../health/health-report.ts';
import type { RequestLoop } from './request-loop.ts';
import type { ServerStats } from './server-stats.ts';

/** What {@link ServerHealth} reports of. */
export interface HealthParts {
  readonly loop: Pick<RequestLoop, 'isStopped' | 'hasRun'>;
  readonly serverAddress: () => SocketAddress;
  readonly stats: () => ServerStats;
  /** Whether a limit keeps the server from taking requests. */
  readonly isFull: () => boolean;
}

/** How a server is, and the listener that says so to balancers, where one was asked for. */
export class ServerHealth {
  readonly #options: ResolvedHealthOptions | undefined;
  readonly #parts: HealthParts;
  #listener: HealthListener | undefined;
  #isLeaving = false;

  constructor(options: ResolvedHealthOptions | undefined, parts: HealthParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** `undefined` before {@link listen}, and where none was asked for. */
  get listener(): HealthListener | undefined {
    return this.#listener;
  }

  /** Binds the listener. @throws the system's error. */
  listen(): void {
    if (this.#options !== undefined)
      this.#listener = new HealthListener(this.#options.address, () => this.report());
  }

  /** The server will take no further request, soon or already. */
  leave(): void {
    this.#isLeaving = true;
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  report(): HealthReport {
    const { workers: _, isSuspended, ...counts } = this.#parts.stats();
    const address = formatAddress(this.#parts.serverAddress());
    return { status: this.#status(isSuspended), address, ...counts };
  }

  #status(isSuspended: boolean): HealthStatus {
    const { loop, isFull } = this.#parts;
    if (this.#isLeaving) return 'draining';
    if (loop.isStopped) return loop.hasRun ? 'stopped' : 'starting';
    if (isSuspended) return 'suspended';
    return isFull() ? 'full' : 'serving';
  }
}

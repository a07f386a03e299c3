import process from 'node:process';
import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import type { NotifyEnvironment } from './notify-environment.ts';
import type { NotifySocket } from './notify-socket.ts';

/** A server, as far as systemd is told of it. */
export interface ServiceMember {
  readonly serverAddress: SocketAddress;
  stats(): { readonly active: number; readonly served: number; readonly failed: number };
}

/** `bound` has not served yet; `leaving` never will again. */
type MemberState = 'bound' | 'serving' | 'leaving';

/**
 * What this process is to systemd: one service, however many servers it has.
 *
 * It is ready when every server that is bound serves, and once only. It is stopping when every server that is left is
 * closing. While one reloads, the service does. From when it is ready until its last server is closed the watchdog hears
 * of it, as long as the event loop turns: a worker that is blocked does not count, the pool sees to that.
 */
export class ServiceState {
  readonly #environment: NotifyEnvironment;
  readonly #socket: NotifySocket;
  readonly #members = new Map<ServiceMember, MemberState>();
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';
  #reloads = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(environment: NotifyEnvironment, socket: NotifySocket) {
    this.#environment = environment;
    this.#socket = socket;
  }

  /** A server has bound its socket. */
  bound(member: ServiceMember): void {
    this.#members.set(member, 'bound');
  }

  /** A server takes requests. */
  serving(member: ServiceMember): void {
    if (this.#members.get(member) !== 'bound') return;
    this.#members.set(member, 'serving');
    this.#checkReady();
  }

  /** A server begins to close. */
  leaving(member: ServiceMember): void {
    if (!this.#members.has(member)) return;
    this.#members.set(member, 'leaving');
    const isStopping = [...this.#members.values()].every((state) => state === 'leaving');
    if (isStopping && this.#phase === 'ready') {
      this.#phase = 'stopping';
      this.#socket.tell('STOPPING=1', `STATUS=Draining; ${this.#counts()}`);
    } else {
      this.#checkReady();
    }
  }

  /** A server is closed, or could not be opened. */
  closed(member: ServiceMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0) this.#checkReady();
    else this.#endWatchdog();
  }

  /** Has systemd know that a server reloads. @throws what `reload` does. */
  async reloading(reload: () => Promise<void>): Promise<void> {
    if (this.#phase !== 'ready') return reload();
    if (this.#reloads === 0) {
      const now = process.hrtime.bigint() / 1_000n; // CLOCK_MONOTONIC, as systemd wants it [sd_notify(3)]
      this.#socket.tell('RELOADING=1', `MONOTONIC_USEC=${now}`, 'STATUS=Reloading');
    }
    this.#reloads += 1;
    try {
      await reload();
    } finally {
      this.#reloads -= 1;
      if (this.#reloads === 0 && this.#phase === 'ready') this.#tellReady();
    }
  }

  #checkReady(): void {
    const states = new Set(this.#members.values());
    if (this.#phase !== 'starting' || states.has('bound') || !states.has('serving')) return;
    this.#phase = 'ready';
    this.#tellReady();
    this.#beginWatchdog();
  }

  #tellReady(): void {
    this.#socket.tell('READY=1', `STATUS=${this.#status()}`);
  }

  #beginWatchdog(): void {
    const { watchdogMs } = this.#environment;
    if (watchdogMs === undefined) return;
    const sign = (): void => this.#socket.tell('WATCHDOG=1', `STATUS=${this.#status()}`);
    this.#watchdog = setInterval(sign, Math.max(1, Math.floor(watchdogMs / 2)));
    this.#watchdog.unref();
  }

  #endWatchdog(): void {
    clearInterval(this.#watchdog);
    this.#watchdog = undefined;
  }

  #status(): string {
    if (this.#phase === 'stopping') return `Draining; ${this.#counts()}`;
    if (this.#reloads > 0) return 'Reloading';
    const addresses = [...this.#members.keys()].map(({ serverAddress }) => formatAddress(serverAddress));
    return `Serving on ${addresses.join(', ')}; ${this.#counts()}`;
  }

  #counts(): string {
    let [active, served, failed] = [0, 0, 0];
    for (const member of this.#members.keys()) {
      const stats = member.stats();
      active += stats.active;
      served += stats.served;
      failed += stats.failed;
    }
    return `${active} running, ${served} served, ${failed} failed`;
  }
}

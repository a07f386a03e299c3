import type { AuditRecord } from '../../audit/audit-record.ts';
import type { ServerEvent } from '../server-events.ts';
import type { Refusal } from './intake-guard.ts';

/** Refusals that are told of in one second; the rest of it is only counted. */
const perSecond = 20;

/** Where a {@link RefusalLog} writes to. */
export interface RefusalOutlets {
  readonly record: (record: Omit<AuditRecord, 'time'>) => void;
  readonly publish: (event: ServerEvent) => void;
}

/** Tells of clients that were turned away, in a way that a flood of them cannot fill a disk with. */
export class RefusalLog {
  readonly #outlets: RefusalOutlets;
  #second: NodeJS.Timeout | undefined;
  #toldThisSecond = 0;
  #untold = 0;
  /** Clients that were turned away so far. */
  count = 0;

  constructor(outlets: RefusalOutlets) {
    this.#outlets = outlets;
  }

  add(refusal: Refusal): void {
    this.count += 1;
    this.#second ??= setTimeout(() => this.#nextSecond(), 1_000).unref();
    if (this.#toldThisSecond >= perSecond) {
      this.#untold += 1;
      return;
    }
    this.#toldThisSecond += 1;
    this.#tell(refusal);
  }

  /** Tells of what was held back. */
  close(): void {
    clearTimeout(this.#second);
    this.#nextSecond();
  }

  #nextSecond(): void {
    this.#second = undefined;
    this.#toldThisSecond = 0;
    const untold = this.#untold;
    this.#untold = 0;
    if (untold === 0) return;
    this.#tell({ fault: 'crowded', address: '', reason: `${untold} more clients were turned away` });
  }

  #tell({ fault, address, reason }: Refusal): void {
    const connectionId = crypto.randomUUID();
    this.#outlets.record({ event: 'refused-connection', connectionId, address, reason });
    this.#outlets.publish({ type: 'connection-refused', fault, address, reason });
  }
}

/**
 * What a server is doing, as balancers need to know it: `serving` takes requests; `starting` and `stopped` have no
 * `serveForever()` that runs (not yet, not any more); `suspended` and `full` take none for now; `draining` never again.
 */
export type HealthStatus = 'serving' | 'starting' | 'stopped' | 'suspended' | 'full' | 'draining';

/** What the health listener answers, as one line of JSON. */
export interface HealthReport {
  readonly status: HealthStatus;
  /** The server's address, as text. */
  readonly address: string;
  /** Figures of `server.stats()`. */
  readonly [count: string]: number | string;
}

import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import { observe } from '../diagnostics/observe.ts';
import type { Sample } from './text-format.ts';

/** Upper bounds in seconds, from a local cache's answer to a slow page's. */
const defaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The durations of one server's requests that ended in one way. */
interface Durations {
  readonly outcome: string;
  readonly counts: number[];
  count: number;
  seconds: number;
}

/**
 * Counts how long the requests of all servers in this thread take, by how they end, until it is disposed of: for
 * `prometheusText(servers, { durations })`.
 *
 * It listens to `socketserver:request:ended`, so what it costs is the making of one event a request.
 *
 * @example
 * using durations = new DurationHistogram();
 */
export class DurationHistogram implements Disposable {
  readonly #bounds: readonly number[];
  readonly #subscription: Disposable;
  readonly #servers = new Map<string, Map<string, Durations>>();

  /**
   * @param bounds - the upper bounds of the buckets, in seconds, ascending. Default 0.001 to 10.
   * @throws RangeError for bounds that do not ascend from above 0.
   */
  constructor(bounds: readonly number[] = defaultBounds) {
    const ascends = bounds.every((bound, index) => bound > (bounds[index - 1] ?? 0) && bound < Infinity);
    if (bounds.length === 0 || !ascends) {
      throw new RangeError(
        `Cannot construct DurationHistogram: bounds must ascend from above 0, got [${bounds.join(', ')}]`,
      );
    }
    this.#bounds = [...bounds];
    this.#subscription = observe({
      'socketserver:request:ended': ({ serverAddress, outcome, durationMs }) => {
        if (durationMs !== undefined) this.#add(serverAddress, outcome, durationMs / 1_000);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  /** The samples of a Prometheus histogram. The exporter calls it. */
  samples(serverAddress: SocketAddress, server: string): Sample[] {
    const outcomes = this.#servers.get(formatAddress(serverAddress))?.values() ?? [];
    return [...outcomes].flatMap((durations) => this.#samplesOf(durations, server));
  }

  #samplesOf({ outcome, counts, count, seconds }: Durations, server: string): Sample[] {
    const labels = { server, outcome };
    let sum = 0;
    const buckets = this.#bounds.map((bound, index) => {
      sum += counts[index]!;
      return { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: sum };
    });
    return [
      ...buckets,
      { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
      { suffix: '_sum', labels, value: seconds },
      { suffix: '_count', labels, value: count },
    ];
  }

  #add(serverAddress: SocketAddress, outcome: string, seconds: number): void {
    const durations = this.#of(formatAddress(serverAddress), outcome);
    durations.count += 1;
    durations.seconds += seconds;
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    if (bucket !== -1) durations.counts[bucket]! += 1;
  }

  #of(server: string, outcome: string): Durations {
    let outcomes = this.#servers.get(server);
    if (outcomes === undefined) {
      outcomes = new Map();
      this.#servers.set(server, outcomes);
    }
    let durations = outcomes.get(outcome);
    if (durations === undefined) {
      durations = { outcome, counts: this.#bounds.map(() => 0), count: 0, seconds: 0 };
      outcomes.set(outcome, durations);
    }
    return durations;
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Load, LoadResult } from './load-process.ts';

/** Requests a second that the count is planned for; redis-benchmark takes a count, not a time. */
const PLANNED_RATE = 40_000;

/** `redis-benchmark` with 64 clients that send PING: a load that we did not write. */
export class RedisLoad implements Load {
  readonly #port: string;
  readonly #requests: number;

  constructor(port: string, seconds: number) {
    this.#port = port;
    this.#requests = Math.round(PLANNED_RATE * seconds);
  }

  async ready(): Promise<void> {
    await this.#benchmark(this.#requests / 4);
  }

  async run(): Promise<LoadResult> {
    const csv = await this.#benchmark(this.#requests);
    // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
    const fields = csv.trim().split('\n').at(-1)?.replaceAll('"', '').split(',') ?? [];
    const micros = (index: number): number => Number(fields[index]) * 1000;
    return {
      requests: this.#requests,
      seconds: this.#requests / Number(fields[1]),
      errors: 0,
      bytes: 0,
      latencyMicros: { p50: micros(4), p99: micros(6), p999: micros(7) },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Each run closes its own connections.
  }

  async #benchmark(requests: number): Promise<string> {
    const args = [
      '-p',
      this.#port,
      '-c',
      '64',
      '-n',
      String(Math.round(requests)),
      '-t',
      'ping_mbulk',
      '--csv',
    ];
    const { stdout } = await promisify(execFile)('redis-benchmark', args, { timeout: 120_000 });
    return stdout;
  }
}

import { jsonLines } from 'socketserver';
import type { Core } from './core.ts';

/** A call of a worker: with an `id` where it waits for what comes of it. */
export interface CoreRequest {
  readonly id?: number;
  readonly call: keyof Core;
  readonly args: readonly unknown[];
}

/** What came of a call. */
export interface CoreAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Twice what a request of a client can have, and room for what goes around it. */
const max = 262_144;

/** Messages between workers and the core. Both ends are ours, and the socket between them is private. */
export const requestCodec = jsonLines<CoreRequest>({ max });
export const answerCodec = jsonLines<CoreAnswer>({ max: Infinity });

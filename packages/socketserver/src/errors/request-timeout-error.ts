import { SocketServerError } from './socket-server-error.ts';

/** What took too long: see the `timeouts` of a server; `'rate'` is `limits.minBytesPerSecond`. */
export type RequestPhase = 'first-byte' | 'idle' | 'request' | 'lifetime' | 'rate';

/**
 * A request took longer than its server allows, and was ended: operations that waited and later ones fail with this, and
 * it is the reason on `request.signal`. `code` is `REQUEST_TIMEOUT`.
 */
export class RequestTimeoutError extends SocketServerError {
  readonly phase: RequestPhase;
  /** The time that was allowed, in milliseconds, as configured. */
  readonly ms: number;

  constructor(phase: RequestPhase, ms: number) {
    super('REQUEST_TIMEOUT', `The request was ended: ${phaseFaults[phase]} within ${ms} ms`);
    this.phase = phase;
    this.ms = ms;
  }

  static {
    this.prototype.name = 'RequestTimeoutError';
  }
}

const phaseFaults: Readonly<Record<RequestPhase, string>> = {
  'first-byte': 'its client sent nothing',
  idle: 'no byte went over its connection',
  request: 'its handler did not come to an end',
  lifetime: 'its connection did not come to an end',
  rate: 'too few bytes went over its connection',
};

import { aDuration, aText, type FieldRules, oneOf, optional, readJSON } from './json-payload.ts';

/**
 * Says why the connection ends, before it does: payload JSON. `DENIED`: the peer may not come in; `BUSY`: not now; `PROTOCOL`: it broke the protocol;
 * `DRAINING`: the server stops; `IDLE`: it was silent for too long.
 */
export interface GoAway {
  readonly code: 'DENIED' | 'BUSY' | 'PROTOCOL' | 'DRAINING' | 'IDLE';
  readonly message: string;
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs?: number;
}

const rules: FieldRules = {
  code: oneOf('DENIED', 'BUSY', 'PROTOCOL', 'DRAINING', 'IDLE'),
  message: aText,
  retryAfterMs: optional(aDuration),
};

/** @throws ProtocolError */
export function decodeGoAway(payload: Buffer): GoAway {
  return readJSON(payload, 'GOAWAY', rules) as unknown as GoAway;
}

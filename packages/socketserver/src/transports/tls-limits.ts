import { anInteger, type OptionRules } from '../options/check-options.ts';
import {
  type LimitParts,
  type StreamLimitOptions,
  streamLimitRules,
  StreamLimits,
} from '../server/stream-limits.ts';

/** How much a TLS server takes on at once. */
export interface TLSLimitOptions extends StreamLimitOptions {
  /**
   * Clients that may be in a handshake, or be done with it and wait for a handler; further ones wait in the kernel.
   * Where workers do the handshakes, `maxConnections` alone bounds them. Default 256.
   */
  readonly maxHandshakes?: number | undefined;
}

const tlsLimitRules: OptionRules<TLSLimitOptions> = {
  ...streamLimitRules,
  maxHandshakes: anInteger(1, Infinity),
};

/** The limits of a TLS server as they are now. */
export class TLSLimits extends StreamLimits {
  /** @throws TypeError for an unknown key or a value that breaks its rule. */
  constructor(given: TLSLimitOptions | undefined, parts: LimitParts) {
    super(given, { ...parts, rules: tlsLimitRules });
  }

  /** Clients that may be in a handshake. Default 256. */
  get maxHandshakes(): number {
    return (this.read('maxHandshakes') as number | undefined) ?? 256;
  }

  set maxHandshakes(value: number) {
    this.change('maxHandshakes', value);
  }
}

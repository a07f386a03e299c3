import {
  aboveZero,
  anInteger,
  atLeastZero,
  checkOption,
  checkOptions,
  oneOf,
  type OptionRules,
} from '../options/check-options.ts';

/** What a server does with a client that is over a limit. */
export type OnLimit = 'wait' | 'refuse';

/** How much a stream server takes on; `Infinity` is no limit. */
export interface StreamLimitOptions {
  /**
   * Connections that may be open, in whatever worker: in a TLS handshake, with a handler, or sending their last bytes.
   * Default `Infinity`.
   */
  readonly maxConnections?: number | undefined;
  /**
   * Of these, connections of one client address: one IPv4 address, the first 64 bits of an IPv6 address, one user of a
   * Unix socket where the engine knows it. Default `Infinity`.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Connections that may be accepted and wait: for a worker, or until their address has room. Default 1,024. */
  readonly maxPending?: number | undefined;
  /** Connections accepted a second; as many, and one at least, may come at once after a pause. Default `Infinity`. */
  readonly acceptRate?: number | undefined;
  /** Bytes a second that a peer must send, or take, while the handler waits for it. Default 0, which asks for none. */
  readonly minBytesPerSecond?: number | undefined;
  /** Whether clients over a limit wait for their turn or are reset at once. Default `'wait'`. */
  readonly onLimit?: OnLimit | undefined;
}

/** The limits with every default filled in. */
export type ResolvedStreamLimits = {
  readonly [Name in keyof StreamLimitOptions]-?: NonNullable<StreamLimitOptions[Name]>;
};

const defaults: ResolvedStreamLimits = {
  maxConnections: Infinity,
  maxConnectionsPerAddress: Infinity,
  maxPending: 1_024,
  acceptRate: Infinity,
  minBytesPerSecond: 0,
  onLimit: 'wait',
};

/** For transports that have these limits and further ones. */
export const streamLimitRules: OptionRules<StreamLimitOptions> = {
  maxConnections: anInteger(1, Infinity),
  maxConnectionsPerAddress: anInteger(1, Infinity),
  maxPending: anInteger(1, Infinity),
  acceptRate: aboveZero,
  minBytesPerSecond: atLeastZero,
  onLimit: oneOf('wait', 'refuse'),
};

/** What a group of limits is made with. */
export interface LimitParts {
  /** Begins the messages, as in `Cannot construct TCPServer`. */
  readonly action: string;
  /** Called after a limit was set. */
  readonly changed: (name: string) => void;
  /** Of the transport. Default {@link streamLimitRules}. */
  readonly rules?: OptionRules<StreamLimitOptions>;
}

/**
 * The limits of a stream server as they are now: `server.limits`. Each may be set while the server runs and holds from
 * then on; one that is lowered ends nothing that is open.
 *
 * @throws TypeError for a value that breaks its rule: the limit stays as it was.
 *
 * @example
 * server.limits.maxConnections = 100;
 */
export class StreamLimits implements ResolvedStreamLimits {
  readonly #rules: OptionRules<StreamLimitOptions>;
  readonly #changed: (name: string) => void;
  #values: ResolvedStreamLimits;

  /** @throws TypeError for an unknown key or a value that breaks its rule. */
  constructor(
    given: StreamLimitOptions | undefined,
    { action, changed, rules = streamLimitRules }: LimitParts,
  ) {
    this.#rules = rules;
    this.#changed = changed;
    const checked = checkOptions(given, rules, { action, path: 'options.limits' });
    this.#values = { ...defaults, ...checked } as ResolvedStreamLimits;
  }

  /** Whether nobody has to wait, or is refused or measured. */
  get areNone(): boolean {
    const { maxConnections, maxConnectionsPerAddress, acceptRate, minBytesPerSecond, onLimit } = this.#values;
    const isBound =
      maxConnections !== Infinity || maxConnectionsPerAddress !== Infinity || acceptRate !== Infinity;
    return !isBound && minBytesPerSecond === 0 && onLimit === 'wait';
  }

  /** Connections that may be open. Default `Infinity`. */
  get maxConnections(): number {
    return this.#values.maxConnections;
  }

  set maxConnections(value: number) {
    this.change('maxConnections', value);
  }

  /** Connections of one client address that may be open. Default `Infinity`. */
  get maxConnectionsPerAddress(): number {
    return this.#values.maxConnectionsPerAddress;
  }

  set maxConnectionsPerAddress(value: number) {
    this.change('maxConnectionsPerAddress', value);
  }

  /** Connections that may be accepted and wait. Default 1,024. */
  get maxPending(): number {
    return this.#values.maxPending;
  }

  set maxPending(value: number) {
    this.change('maxPending', value);
  }

  /** Connections accepted a second. Default `Infinity`. */
  get acceptRate(): number {
    return this.#values.acceptRate;
  }

  set acceptRate(value: number) {
    this.change('acceptRate', value);
  }

  /** Bytes a second that a peer must send, or take, while the handler waits for it. Default 0. */
  get minBytesPerSecond(): number {
    return this.#values.minBytesPerSecond;
  }

  set minBytesPerSecond(value: number) {
    this.change('minBytesPerSecond', value);
  }

  /** Whether clients over a limit wait for their turn or are reset at once. Default `'wait'`. */
  get onLimit(): OnLimit {
    return this.#values.onLimit;
  }

  set onLimit(value: OnLimit) {
    this.change('onLimit', value);
  }

  /** A limit as it was given or changed, for groups with further ones. */
  protected read(name: string): unknown {
    return (this.#values as unknown as Record<string, unknown>)[name];
  }

  /** Changes a limit, also a further one. @throws TypeError for a value that breaks its rule, with nothing changed. */
  protected change(name: string, value: unknown): void {
    const rule = this.#rules[name as keyof StreamLimitOptions];
    checkOption(value, rule, { action: 'Cannot change a limit', path: `server.limits.${name}` });
    this.#values = { ...this.#values, [name]: value };
    this.#changed(name);
  }
}

import { BlockList, isIP } from 'node:net';

/** How long sources of trouble are kept out. */
export interface PenaltySettings {
  /** Milliseconds of penalties from which a source is refused. */
  readonly minMs: number;
  /** Milliseconds that a source is refused at most. */
  readonly maxMs: number;
  /** Addresses and ranges that are never refused. */
  readonly exempt: readonly string[];
}

/** Sources that are remembered at most. */
const maxSources = 65_536;

interface Penalty {
  /** By `performance.now()`. */
  until: number;
  isEnforced: boolean;
}

/**
 * Keeps out addresses from which nothing good comes: each fault adds to the time of its source, and from a minimum on the source is refused until
 * that has passed.
 *
 * @see sshd_config(5), PerSourcePenalties
 */
export class Penalties {
  readonly #settings: PenaltySettings;
  readonly #exempt: BlockList;
  readonly #sources = new Map<string, Penalty>();

  /** @throws TypeError for an exempt range that is none. */
  constructor(settings: PenaltySettings) {
    this.#settings = settings;
    this.#exempt = blockListOf(settings.exempt);
  }

  /** Milliseconds for which an address is still refused; 0 where it is not. */
  remainingMs(address: string): number {
    const source = sourceOf(address);
    const penalty = this.#sources.get(source);
    if (penalty === undefined) return 0;
    const left = penalty.until - performance.now();
    if (left <= 0) this.#sources.delete(source);
    return left > 0 && penalty.isEnforced ? left : 0;
  }

  /** A fault that is worth so many milliseconds. */
  add(address: string, ms: number): void {
    if (ms === 0 || isListed(this.#exempt, address)) return;
    const { minMs, maxMs } = this.#settings;
    const now = performance.now();
    const source = sourceOf(address);
    const penalty = this.#sources.get(source) ?? { until: now, isEnforced: false };
    penalty.until = Math.min(Math.max(penalty.until, now) + ms, now + maxMs);
    penalty.isEnforced ||= penalty.until - now >= minMs;
    this.#sources.delete(source); // the most recent ones come last
    this.#sources.set(source, penalty);
    if (this.#sources.size > maxSources) this.#sources.delete(this.#sources.keys().next().value!);
  }
}

/** What counts as one source: an IPv4 address, the first 64 bits of an IPv6 one. */
export function sourceOf(address: string): string {
  const plain = withoutMapping(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  if (plain.includes('::')) while (groups.length + after.length < 8) groups.push('0');
  return `${[...groups, ...after].slice(0, 4).join(':')}::/64`;
}

/** @throws TypeError for what is no address or range. */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    try {
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(prefix), family);
    } catch (cause) {
      const must = 'must list addresses or ranges such as 10.0.0.0/8';
      throw new TypeError(`Cannot createServer: options.admission.exempt ${must}, got ${range}`, { cause });
    }
  }
  return list;
}

function isListed(list: BlockList, address: string): boolean {
  const plain = withoutMapping(address);
  const family = isIP(plain);
  return family === 0 || list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

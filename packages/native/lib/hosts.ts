/**
 * Turns IPv4 hosts from the kernel's numbers into text and back. A server hears from the same hosts again and
 * again, so both ways are remembered, up to a bound.
 */
export class Hosts {
  static readonly #MAX = 4096;
  readonly #texts = new Map<number, string>();
  readonly #numbers = new Map<string, number>();

  /** @param number the address in host byte order; the sign does not matter. */
  textOf(number: number): string {
    const known = this.#texts.get(number);
    if (known !== undefined) return known;
    const text = `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
    if (this.#texts.size >= Hosts.#MAX) this.forget();
    this.#texts.set(number, text);
    this.#numbers.set(text, number);
    return text;
  }

  /** The number of a host that was heard from, or `undefined`. */
  numberOf(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  forget(): void {
    this.#texts.clear();
    this.#numbers.clear();
  }
}

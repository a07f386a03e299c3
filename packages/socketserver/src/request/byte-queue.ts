const nothing = Buffer.alloc(0);

/** Chunks below this size are gathered, in blocks of the other. */
const smallBytes = 1_024;
const tailBytes = 16_384;

/**
 * Bytes that have arrived and were not asked for yet, in the chunks they came in. Taking copies only where a
 * result spans chunks.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Memory behind the last chunk that later small ones may be copied into, and how much of it is used. */
  #tail: Buffer | undefined;
  #tailEnd = 0;
  /** The same behind the first chunk, for {@link join}. */
  #joined: Buffer | undefined;
  #joinedEnd = 0;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** The first chunk; no bytes where nothing is held. */
  get first(): Buffer {
    return this.#chunks[0] ?? nothing;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    if (chunk.length < smallBytes) this.#gather(chunk);
    else this.#chunks.push(chunk);
  }

  /** Copies a small chunk behind the one before, so that a peer that drips leaves few chunks and little memory. */
  #gather(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    const tail = this.#tail;
    if (last !== undefined && tail !== undefined && this.#tailEnd + chunk.length <= tail.length) {
      const isLast =
        last.buffer === tail.buffer && last.byteOffset + last.length === tail.byteOffset + this.#tailEnd;
      if (isLast) {
        tail.set(chunk, this.#tailEnd);
        const start = last.byteOffset - tail.byteOffset;
        this.#tailEnd += chunk.length;
        this.#chunks[this.#chunks.length - 1] = tail.subarray(start, this.#tailEnd);
        return;
      }
    }
    if (last === undefined || last.length >= smallBytes) {
      this.#chunks.push(chunk); // a lone small chunk is mostly a whole message, taken at once
      return;
    }
    const gathered = Buffer.allocUnsafeSlow(tailBytes);
    gathered.set(last, 0);
    gathered.set(chunk, last.length);
    this.#tail = gathered;
    this.#tailEnd = last.length + chunk.length;
    this.#chunks[this.#chunks.length - 1] = gathered.subarray(0, this.#tailEnd);
  }

  /** Puts bytes back in front. */
  unshift(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#length += chunk.length;
  }

  /** Takes at most `max` bytes from the first chunk: what one `recv` gives. Never copies. */
  takeChunk(max: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined || max === 0) return nothing;
    if (first.length <= max) {
      this.#chunks.shift();
      this.#length -= first.length;
      if (this.#length === 0) this.#forgetMemory();
      return first;
    }
    this.#chunks[0] = first.subarray(max);
    this.#length -= max;
    return first.subarray(0, max);
  }

  /** Takes exactly `count` bytes, which must be there. */
  take(count: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined || first.length >= count) return this.takeChunk(count);
    const taken = this.peek(count);
    this.skip(count);
    return taken;
  }

  /** Shows the first `count` bytes (or all, if fewer are there) without taking them. */
  peek(count: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined) return nothing;
    if (first.length >= count) return first.subarray(0, count);
    const wanted = Math.min(count, this.#length);
    const bytes = Buffer.allocUnsafe(wanted);
    let filled = 0;
    for (const chunk of this.#chunks) {
      if (filled === wanted) break;
      filled += chunk.copy(bytes, filled, 0, wanted - filled);
    }
    return bytes;
  }

  /**
   * Makes the first chunk hold at least `count` bytes, which must be there, or without `count` all of the second
   * chunk: copies what lies across chunks. Chunks that were given out stay as they are.
   *
   * However many times it is called for the same bytes, each is copied a bounded number of times.
   */
  join(count = this.first.length + (this.#chunks[1]?.length ?? 0)): void {
    this.#joinNeighbours(count);
    const first = this.first;
    if (first.length >= count) return;
    let end = this.#isAtJoinedEnd(first) ? this.#joinedEnd : -1;
    if (end === -1 || end + count - first.length > this.#joined!.length) {
      this.#joined = Buffer.allocUnsafeSlow(Math.max(count, 2 * first.length));
      this.#joined.set(first);
      end = first.length;
    }
    const joined = this.#joined!;
    const start = end - first.length;
    this.#chunks.shift();
    while (end - start < count) {
      const next = this.#chunks[0]!;
      const copied = next.copy(joined, end, 0, count - (end - start));
      end += copied;
      if (copied === next.length) this.#chunks.shift();
      else this.#chunks[0] = next.subarray(copied);
    }
    this.#joinedEnd = end;
    this.#chunks.unshift(joined.subarray(start, end));
  }

  /** Chunks that lie side by side in memory are one without a copy. */
  #joinNeighbours(count: number): void {
    let first = this.first;
    for (let next = this.#chunks[1]; next !== undefined && first.length < count; next = this.#chunks[1]) {
      const isNext = next.buffer === first.buffer && next.byteOffset === first.byteOffset + first.length;
      if (!isNext) return;
      first = Buffer.from(first.buffer, first.byteOffset, first.length + next.length);
      this.#chunks.splice(0, 2, first);
    }
  }

  #isAtJoinedEnd(chunk: Buffer): boolean {
    const joined = this.#joined;
    return (
      joined !== undefined &&
      chunk.buffer === joined.buffer &&
      chunk.byteOffset + chunk.length === joined.byteOffset + this.#joinedEnd
    );
  }

  /** Drops the first `count` bytes, which must be there. */
  skip(count: number): void {
    this.#length -= count;
    const first = this.#chunks[0];
    if (first !== undefined && count < first.length) {
      this.#chunks[0] = first.subarray(count);
      return;
    }
    if (this.#length === 0) {
      this.#chunks.length = 0;
      this.#forgetMemory();
      return;
    }
    let left = count;
    let dropped = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > left) break;
      left -= chunk.length;
      dropped += 1;
    }
    this.#chunks.splice(0, dropped);
    if (left > 0) this.#chunks[0] = this.#chunks[0]!.subarray(left);
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
    this.#forgetMemory();
  }

  /** With nothing held it is of no more use, and a connection may be idle for long. */
  #forgetMemory(): void {
    this.#tail = undefined;
    this.#joined = undefined;
  }

  /**
   * Finds `delimiter`, also across chunks.
   *
   * @param from - bytes known not to begin a match, so that repeated searches stay linear.
   * @returns the offset of its first byte, or -1.
   */
  indexOf(delimiter: Buffer, from: number): number {
    let offset = 0;
    for (const [index, chunk] of this.#chunks.entries()) {
      const end = offset + chunk.length;
      if (end > from) {
        const within = chunk.indexOf(delimiter, Math.max(0, from - offset));
        const across =
          delimiter.length > 1 && index + 1 < this.#chunks.length
            ? this.#indexAcross(index, delimiter, Math.max(0, from - offset))
            : -1;
        const found = within === -1 ? across : across === -1 ? within : Math.min(within, across);
        if (found !== -1) return offset + found;
      }
      offset = end;
    }
    return -1;
  }

  /** Finds a match that begins in the last bytes of one chunk and ends in a later one. */
  #indexAcross(index: number, delimiter: Buffer, from: number): number {
    const chunk = this.#chunks[index]!;
    const tailStart = Math.max(from, chunk.length - delimiter.length + 1);
    if (tailStart >= chunk.length) return -1;
    const seam = [chunk.subarray(tailStart)];
    let missing = delimiter.length - 1;
    for (let next = index + 1; next < this.#chunks.length && missing > 0; next += 1) {
      const head = this.#chunks[next]!.subarray(0, missing);
      seam.push(head);
      missing -= head.length;
    }
    const found = Buffer.concat(seam).indexOf(delimiter);
    return found === -1 ? -1 : tailStart + found;
  }
}

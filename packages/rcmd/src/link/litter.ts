/**
 * What is read from files and pipes comes mostly in memory of its own. V8 counts that, and by itself makes a full collection for every
 * 64 MiB of it; enough litter among young objects brings the cheap young collection first, which frees it as well.
 *
 * The library does the same for memory that its engines take, at a pace that it finds by looking at V8's heap, and keeps that to itself. What
 * Node's own files and pipes take it does not see, and a fixed piece for each of theirs, which have all one size, needs no look.
 */
const litter = Array.from({ length: 2_048 }, () => 0);

/** Held until the next, so that no compiler finds it unused. */
export const dropped = { litter };

/** Leaves some garbage among the young objects: once for each large piece that was sent. */
export function leaveLitter(): void {
  dropped.litter = litter.slice();
}

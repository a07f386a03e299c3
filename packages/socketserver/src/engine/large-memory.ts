import { getHeapSpaceStatistics } from 'node:v8';

/** Beside the room for young objects, half of what V8 lets old memory grow before it collects all. [V8: MemoryController] */
const spareBytes = 4 * 1_048_576;
/** Large memory between two looks at V8's heap. */
const stepBytes = 1_048_576;
/** Words of one piece of litter: more would lie among the old objects. [V8: kMaxRegularHeapObjectSize] */
const pieceWords = 8_192;
const wordBytes = 8;

/** Of this thread, since the last look, and since the young collection that was seen last. */
let sinceLook = 0;
let sinceCollection = 0;
/** Bytes of young objects after the last look: fewer at the next one tell of a collection. */
let youngBytes = 0;

/**
 * Litter passes through here: V8's optimizing compiler does not make an array that nobody ever refers to, and young collections
 * would end once {@link leaveLitter} is hot. It is let go at once, since what a collection finds here it copies, which has V8
 * enlarge the room.
 */
export const dropped: unknown[] = [undefined];

/**
 * Tells of memory that was taken outside of V8's heap and is soon to be collected, such as a buffer for one message.
 *
 * V8 counts such memory as if it were old, and makes a full collection for as much of it as old objects may grow: 8 MiB and
 * the room for young objects. A young collection frees it as well, at a twentieth of the cost, but comes only when that room
 * is used up. So this uses it up, with litter, at the pace at which memory is taken. How much litter that is depends on the
 * room, which V8 makes larger as it sees fit, and on what else is made.
 *
 * @param bytes - how many were taken.
 */
export function largeMemoryTaken(bytes: number): void {
  sinceLook += bytes;
  if (sinceLook >= stepBytes) look();
}

function look(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  const used = young?.space_used_size ?? 0;
  const room = young?.space_available_size ?? 0;
  sinceCollection = used < youngBytes ? 0 : sinceCollection + sinceLook;
  const untilCollection = Math.max((used + room) / 2 + spareBytes - sinceCollection, sinceLook);
  const litterBytes = room * (sinceLook / untilCollection);
  leaveLitter(Math.ceil(litterBytes / wordBytes));
  youngBytes = used + litterBytes;
  sinceLook = 0;
}

function leaveLitter(words: number): void {
  for (let left = words; left > 0; left -= pieceWords) {
    // oxlint-disable-next-line unicorn/no-new-array -- the cheapest way to so many bytes: nothing is copied into them
    dropped[0] = new Array(Math.min(left, pieceWords));
    dropped[0] = undefined;
  }
}

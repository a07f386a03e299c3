import type { Random } from '../../../../native/test/support/random.ts';

export type Side = 0 | 1;

/** Where a connection goes that is handed over: through a message back to its thread, or to another one for good. */
export type Place = 'here' | 'thread';

/** What is done to the connection in a slot. The script knows nothing of the engine that runs it. */
export type Step = { readonly slot: number } & (
  | { readonly kind: 'open'; readonly moves: readonly [Place | undefined, Place | undefined] }
  | { readonly kind: 'write' | 'close'; readonly side: Side; readonly length: number }
  | {
      readonly kind: 'handOver';
      readonly to: Place;
      readonly side: Side;
      readonly length: number;
    }
  | { readonly kind: 'endWrite' | 'pause' | 'resume' | 'leave'; readonly side: Side }
  | { readonly kind: 'reset'; readonly side: Side; readonly pending: readonly [number, number] }
  | { readonly kind: 'finish' }
);

/** What the script remembers of an open connection, to ask for nothing that the contract forbids. */
interface Slot {
  isOpen: boolean;
  hasEnded: [boolean, boolean];
  hasLeft: [boolean, boolean];
  /** The node engine relays one that was read from, and moves it once; one in the other thread stays there. */
  hasMoved: [boolean, boolean];
}

const slotCount = 4;

/**
 * Writes a script of so many steps, at whose end every connection is finished. Over Unix sockets there is no reset, which
 * their peers would take for an end, and an end moves once, since the node engine relays it from then on.
 */
export function script(random: Random, steps: number, transport: 'TCP' | 'Unix'): Step[] {
  const slots = Array.from({ length: slotCount }, closedSlot);
  const written: Step[] = [];
  const finish = (slot: number): void => {
    written.push({ slot, kind: 'finish' });
    slots[slot] = closedSlot();
  };
  for (let count = 0; count < steps; count += 1) {
    const slot = random.below(slotCount);
    const state = slots[slot]!;
    const side: Side = random.below(2) === 0 ? 0 : 1;
    if (!state.isOpen) {
      const places = [undefined, undefined, undefined, undefined, 'here', 'thread'] as const;
      const moves = [random.pick(places), random.pick(places)] as const;
      written.push({ slot, kind: 'open', moves });
      for (const one of [0, 1] as const) {
        state.hasMoved[one] = moves[one] === 'thread' || (transport === 'Unix' && moves[one] === 'here');
        state.hasLeft[one] = moves[one] === 'thread';
      }
      state.isOpen = true;
      continue;
    }
    const length = 1 + random.below(random.pick([200, 200, 200, 16_000, 16_000, 400_000]));
    const to = random.pick(['here', 'thread'] as const);
    const isWhole = !state.hasEnded[0] && !state.hasEnded[1];
    switch (random.below(16)) {
      case 0:
        if (state.hasEnded[side]) break;
        written.push({ slot, kind: 'endWrite', side });
        state.hasEnded[side] = true;
        if (state.hasEnded[0] && state.hasEnded[1]) finish(slot);
        break;
      case 1:
        if (transport === 'Unix') break;
        written.push({ slot, kind: 'reset', side, pending: pendingAtReset(state, side, random, length) });
        slots[slot] = closedSlot();
        break;
      case 2:
        written.push({
          slot,
          kind: 'close',
          side,
          length: state.hasEnded[side] ? 0 : random.pick([0, length]),
        });
        slots[slot] = closedSlot();
        break;
      case 3:
        if (!isWhole || state.hasLeft[side] || state.hasMoved[side]) break;
        written.push({ slot, kind: 'handOver', to, side, length });
        state.hasMoved[side] = true;
        state.hasLeft[side] = to === 'thread';
        break;
      case 4:
        if (!isWhole || state.hasLeft[side]) break;
        written.push({ slot, kind: 'leave', side });
        state.hasLeft[side] = true;
        break;
      case 5:
      case 6:
        written.push({ slot, kind: 'pause', side });
        break;
      case 7:
      case 8:
        written.push({ slot, kind: 'resume', side });
        break;
      default:
        if (!state.hasEnded[side]) written.push({ slot, kind: 'write', side, length });
    }
  }
  for (const [slot, { isOpen }] of slots.entries()) if (isOpen) finish(slot);
  return written;
}

function closedSlot(): Slot {
  return { isOpen: false, hasEnded: [false, false], hasLeft: [false, false], hasMoved: [false, false] };
}

/** What each side writes just before a reset. Nothing behind an end: the other side no longer reads, and so learns of none. */
function pendingAtReset(
  { hasEnded }: Slot,
  side: Side,
  random: Random,
  length: number,
): readonly [number, number] {
  const amounts = [random.pick([0, length]), hasEnded[1 - side] ? 0 : random.pick([0, length])] as const;
  if (hasEnded[side]) return [0, 0];
  return side === 0 ? amounts : [amounts[1], amounts[0]];
}

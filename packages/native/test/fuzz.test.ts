import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Listener } from '../lib/contract.ts';
import { createNativeEngine } from '../lib/index.ts';
import { FuzzedEnd } from './support/fuzzed-end.ts';
import { Random } from './support/random.ts';
import { accept, listen, openDescriptors, temporaryPath } from './support/sockets.ts';

/** `FUZZ_SEEDS=1000 FUZZ_FIRST_SEED=7` looks longer and elsewhere. */
const SEEDS = Number(process.env['FUZZ_SEEDS'] ?? 40);
const FIRST_SEED = Number(process.env['FUZZ_FIRST_SEED'] ?? 1);
const STEPS = 120;
const PAIRS = 6;

const engine = createNativeEngine();

interface Pair {
  readonly near: FuzzedEnd;
  readonly far: FuzzedEnd;
  wasCut: boolean;
}

async function openPair(listener: Listener, random: Random, stream: number): Promise<Pair> {
  const [connected, accepted] = await Promise.all([engine.connect(listener.address), accept(listener)]);
  const ends = [connected, accepted].map((connection, side) => {
    const early =
      random.below(3) === 0 ? new FuzzedEnd(connection, stream + side, stream + 1 - side) : undefined;
    if (early !== undefined) early.write(random.below(300));
    // Out of the engine and back in: the descriptor stays, everything else is new.
    const settled = random.below(3) === 0 ? engine.adopt(connection.handOver('thread')) : connection;
    const end = new FuzzedEnd(settled, stream + side, stream + 1 - side);
    end.written = early?.written ?? 0;
    settled.start(end);
    return end;
  });
  return { near: ends[0]!, far: ends[1]!, wasCut: false };
}

function step(pair: Pair, random: Random): void {
  const end = random.pick([pair.near, pair.far]);
  switch (random.below(24)) {
    case 0:
      end.connection.endWrite();
      return;
    case 1:
      if (random.below(4) > 0) return;
      // What the other end still sends is lost.
      pair.wasCut = true;
      end.cut('close');
      return;
    case 2:
      if (random.below(6) > 0) return;
      pair.wasCut = true;
      end.cut('reset');
      return;
    case 3:
    case 4:
      end.write(60_000 + random.below(400_000));
      return;
    case 5:
    case 6:
    case 7:
      end.write(random.below(16_000));
      return;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
      end.write(random.below(200));
      return;
    case 14:
      end.read(Infinity);
      return;
    default:
      end.read(1 + random.below(4));
  }
}

/** Lets both ends finish what they have begun. */
async function finish({ near, far }: Pair): Promise<void> {
  for (const end of [near, far]) {
    end.read(Infinity);
    end.connection.endWrite();
  }
  await Promise.all([near.closedOnce.promise, far.closedOnce.promise]);
}

function check({ near, far, wasCut }: Pair, ended: ReadonlyMap<FuzzedEnd, number>): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const written = ended.get(from) ?? from.written;
    assert.ok(to.received_ <= written, 'more was received than was written');
    if (!wasCut || to.hasCut) {
      assert.equal(to.error, undefined);
    } else {
      // Whose peer has gone learns of it by reading or by writing, or of its end alone.
      assert.match(to.error?.code ?? 'ECONNRESET', /^(ECONNRESET|EPIPE)$/);
    }
    if (!wasCut) {
      assert.equal(to.received_, written, 'bytes were lost');
      assert.equal(to.hasEnded, true);
    }
  }
}

for (const transport of ['TCP', 'Unix']) {
  test(`random treatment of connections over ${transport} loses nothing and leaks nothing`, async () => {
    const path = temporaryPath();
    const listener = listen(transport === 'TCP' ? ['127.0.0.1', 0] : path, 64);
    const before = openDescriptors();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        await runSeed(listener, new Random(seed));
        assert.equal(openDescriptors(), before);
      } catch (error) {
        await listener.close();
        throw new Error(`seed ${seed} of ${transport}`, { cause: error });
      }
    }
    await listener.close();
    if (transport === 'Unix') rmSync(path);
  });
}

async function runSeed(listener: Listener, random: Random): Promise<void> {
  const pairs: Pair[] = [];
  // endWrite() makes later writes void; what counts is what was written before.
  const ended = new Map<FuzzedEnd, number>();
  // Else what a seed that failed has left open would keep the run from its end.
  using _ = {
    [Symbol.dispose]: () => {
      for (const { near, far } of pairs) for (const end of [near, far]) end.connection.reset();
    },
  };
  for (let i = 0; i < PAIRS; i++) {
    const pair = await openPair(listener, random, i * 2);
    for (const end of [pair.near, pair.far]) {
      const endWrite = end.connection.endWrite.bind(end.connection);
      end.connection.endWrite = () => {
        if (!ended.has(end)) ended.set(end, end.written);
        endWrite();
      };
    }
    pairs.push(pair);
  }
  for (let i = 0; i < STEPS; i++) {
    step(random.pick(pairs), random);
    if (random.below(3) === 0) await new Promise(setImmediate);
  }
  await Promise.all(pairs.map(finish));
  for (const pair of pairs) check(pair, ended);
}

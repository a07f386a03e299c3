/** Opens so many connections, both ends of which are the engine's. Says what each end takes of the memory that is counted. */
import { readFileSync } from 'node:fs';
import type { Connection } from '../../lib/contract.ts';
import { createNativeEngine } from '../../lib/index.ts';
import { accept, listen } from './sockets.ts';

const pairs = Number(process.argv[2]);
const counted = (): number => Number(readFileSync(process.env['COUNTED_MEMORY']!).readBigInt64LE());

const listener = listen(undefined, 128);
const ends: Connection[] = [];
const before = counted();
const sink = { received: () => true, ended() {}, drained() {}, closed() {} };
for (let count = 0; count < pairs; count += 1) {
  ends.push(...(await Promise.all([createNativeEngine().connect(listener.address), accept(listener)])));
  for (const end of ends.slice(-2)) {
    end.start(sink);
    end.resume();
  }
}
process.stdout.write(`${(counted() - before) / ends.length}\n`);
process.exit();

import type { Contender } from './contender.ts';
import { measure, type Phases, startServer } from './measure.ts';
import type { ServerProcess } from './server-process.ts';
import type { Sample, Workload } from './workload.ts';

export interface RoundsOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Called with one line for whatever does not take part, and why. */
  readonly onSkip: (line: string) => void;
}

/** Samples of one contender, one a round; a round in which it failed is `undefined`. */
export type SamplesByContender = ReadonlyMap<Contender, readonly (Sample | undefined)[]>;

const ROUND_WARMUP_SECONDS = 0.2;
const FIRST_WARMUP_SECONDS = 1;
const FRESH_WARMUP: Phases = { seconds: 0.3, warmupSeconds: 0 };

/**
 * Measures all contenders of one workload side by side. All servers start first and are warmed up; then each round
 * measures every one of them once, each round beginning with another one. So what the machine does meanwhile
 * falls on all of them alike. Where each sample needs a fresh server, none starts before its turn.
 */
export async function runRounds(
  workload: Workload,
  contenders: readonly Contender[],
  options: RoundsOptions,
): Promise<SamplesByContender> {
  await using stack = new AsyncDisposableStack();
  const samples = new Map<Contender, (Sample | undefined)[]>();
  const sampling = new Map<Contender, () => Promise<Sample>>();
  const phases = { seconds: options.seconds, warmupSeconds: ROUND_WARMUP_SECONDS };

  for (const contender of contenders) {
    if (workload.needsFreshServer) {
      sampling.set(contender, () => measureFresh(contender, workload));
      continue;
    }
    const server = await tryTo(contender, workload, options, () => startWarm(contender, workload));
    if (server === undefined) continue;
    stack.use(server);
    sampling.set(contender, () => measure(server, workload, phases));
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const [contender, sampleOnce] of rotated([...sampling], round)) {
      const sample = await tryTo(contender, workload, options, sampleOnce);
      const taken = samples.get(contender) ?? [];
      samples.set(contender, [...taken, sample]);
      if (sample === undefined) sampling.delete(contender);
    }
  }
  return samples;
}

async function startWarm(contender: Contender, workload: Workload): Promise<ServerProcess> {
  const server = await startServer(contender, workload);
  try {
    await measure(server, workload, { seconds: FIRST_WARMUP_SECONDS, warmupSeconds: 0 });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A few connections first, so that what a server sets up once is not counted as theirs. */
async function measureFresh(contender: Contender, workload: Workload): Promise<Sample> {
  await using server = await startServer(contender, workload);
  await measure(server, { ...workload, load: ['--connections', '64'] }, FRESH_WARMUP);
  return await measure(server, workload, FRESH_WARMUP);
}

async function tryTo<T>(
  contender: Contender,
  workload: Workload,
  { onSkip }: RoundsOptions,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    onSkip(
      `${workload.name}: ${contender.name} skipped: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

import { type LoadResult, loadServer } from './soak-load.ts';
import { type Look, SoakedServer } from './soaked-server.ts';

/** What one server is put through. */
export interface SoakCase {
  readonly engine: string;
  readonly model: 'serial' | 'concurrent' | 'threading' | 'forking';
}

/** What came of it. */
export interface SoakReport extends SoakCase {
  readonly seconds: number;
  readonly load: LoadResult;
  /** After a warm-up, and at the end, both at rest. */
  readonly before: Look;
  readonly after: Look;
  /** What does not hold; empty when all is well. */
  readonly findings: readonly string[];
}

const models = ['serial', 'concurrent', 'threading', 'forking'] as const;

/** The four models on these engines. */
export function soakCases(engines: readonly string[]): SoakCase[] {
  return engines.flatMap((engine) => models.map((model) => ({ engine, model })));
}

/** Descriptors and threads that Node may open late, whatever the number of connections. */
const slack = 5;

/** How far the resident memory of a process may be from where it was: V8 keeps some heap in reserve. */
const slackBytes = 64 * 1_048_576;

/** Loads a server for a time, and looks at it before and after. */
export async function soak({ engine, model }: SoakCase, seconds: number): Promise<SoakReport> {
  const hasWorkers = model === 'threading' || model === 'forking';
  await using server = await SoakedServer.start(model, engine);
  const load = (forSeconds: number): Promise<LoadResult> =>
    loadServer({
      port: server.port,
      clients: model === 'serial' ? 8 : 32,
      seconds: forSeconds,
      crashEveryMs: hasWorkers ? Math.min(1_000, (forSeconds * 1_000) / 3) : undefined,
    });
  await load(Math.min(30, seconds / 2)); // until everything is there that is kept, V8's heap at its height too
  const before = await server.settle();
  const result = await load(seconds);
  const after = await server.settle(({ holdings }) => leaks(before.holdings, holdings).length === 0);
  const findings = [...judge({ before, after, load: result, hasWorkers })];
  return { engine, model, seconds, load: result, before, after, findings };
}

type Held = Look['holdings'];

function leaks(before: Held, after: Held): string[] {
  const found: string[] = [];
  const compare = (what: string, was: number, is: number, most: number): void => {
    if (is > was + most) found.push(`${what}: ${was} before, ${is} after`);
  };
  compare('descriptors', before.descriptors, after.descriptors, slack);
  compare('threads', before.threads, after.threads, slack);
  compare('processes', before.processes, after.processes, 0);
  compare('bytes', before.residentBytes, after.residentBytes, slackBytes * after.processes);
  return found;
}

function* judge({
  before,
  after,
  load,
  hasWorkers,
}: Pick<SoakReport, 'before' | 'after' | 'load'> & { readonly hasWorkers: boolean }): Iterable<string> {
  yield* leaks(before.holdings, after.holdings);
  const { accepted, served, failed, refused, active, waiting } = after.stats;
  if (active !== 0 || waiting !== 0) yield `${active} requests run and ${waiting} wait at the end`;
  if (accepted !== served + failed + refused) {
    yield `${accepted} accepted are not ${served} served, ${failed} failed and ${refused} refused`;
  }
  const turnedAway = refused - before.stats.refused;
  if (turnedAway !== load.refused) yield `${load.refused} clients were turned away, ${turnedAway} counted`;
  if (served === before.stats.served) yield 'nothing was served';
  if (hasWorkers && after.lost === before.lost) yield 'no worker was lost, so crashes were not tried';
  // Beside those that are reported lost, a worker that crashes cuts off answers that are still on their way.
  const excused = hasWorkers ? load.crashes * 64 : 0;
  if (load.faults.length > excused) yield `${load.faults.length} faults, such as ${load.faults[0]}`;
}

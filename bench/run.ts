/**
 * The benchmark: ours beside the peers, in one run. See README.md for what is measured and how.
 *
 * The walk: `harness/options.ts` chooses; `build-programs.ts` compiles; for each workload `rounds.ts` starts the
 * contenders and measures them in turns (`measure.ts`: a `server-process.ts`, a `load-process.ts`, and the CPU time
 * that `process-tree.ts` reads); `summary.ts` takes medians; `table.ts` and `chart.ts` show them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buildPrograms } from './harness/build-programs.ts';
import { renderChart } from './harness/chart.ts';
import { describeMachine } from './harness/machine.ts';
import { type BenchOptions, readOptions, usage } from './harness/options.ts';
import { ourContenders } from './harness/our-contenders.ts';
import { bunProgram } from './harness/paths.ts';
import { peerContenders } from './harness/peer-contenders.ts';
import { runRounds } from './harness/rounds.ts';
import { type Summary, summarize } from './harness/summary.ts';
import { renderTable } from './harness/table.ts';
import type { Workload } from './harness/workload.ts';
import { workloads } from './harness/workloads.ts';

const contenders = [...ourContenders, ...peerContenders];
const skipped: string[] = [];

function skip(line: string): void {
  skipped.push(line);
  console.log(line);
}

async function runWorkload(workload: Workload, options: BenchOptions): Promise<Summary> {
  const taking = options.contenders.filter(
    ({ serves, mostConnections }) => serves.has(workload.task) && mostConnections >= workload.heldConnections,
  );
  const { rounds, seconds } = options;
  return summarize(workload, await runRounds(workload, taking, { rounds, seconds, onSkip: skip }));
}

async function writeResults(options: BenchOptions, summaries: readonly Summary[]): Promise<void> {
  const machine = describeMachine(bunProgram());
  const date = new Date().toISOString();
  const { rounds, seconds } = options;
  const about =
    `${date.slice(0, 10)}, ${machine.cores} cores of ${machine.cpu}, Linux ${machine.kernel}, ` +
    Object.entries(machine.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ') +
    `; medians of ${rounds} rounds of ${seconds} s.`;
  const skips = skipped.length === 0 ? [] : ['Skipped:', '', ...skipped.map((line) => `- ${line}`), ''];
  const markdown = [about, '', ...summaries.map(renderTable), ...skips].join('\n');
  const json = JSON.stringify({ date, machine, rounds, seconds, workloads: summaries, skipped }, null, 2);
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'results.md'), markdown);
  await writeFile(join(options.out, 'results.json'), `${json}\n`);
  await writeFile(join(options.out, 'results.svg'), renderChart(summaries));
}

async function run(options: BenchOptions): Promise<void> {
  for (const { program, reason } of await buildPrograms()) skip(`${program} was not built: ${reason}`);
  const summaries: Summary[] = [];
  for (const workload of options.workloads) {
    const summary = await runWorkload(workload, options);
    if (summary.rows.length === 0) continue;
    summaries.push(summary);
    console.log(`\n${renderTable(summary)}`);
    await writeResults(options, summaries); // after each, so that a run that is stopped leaves what it has
  }
  console.log(`Written to ${relative(process.cwd(), options.out)}`);
}

const options = readOptions(process.argv.slice(2), { workloads, contenders });
if (options === 'help') console.log(usage);
else if (options === 'list') {
  for (const { name, title } of workloads) console.log(`workload   ${name.padEnd(24)} ${title}`);
  for (const { name, title } of contenders) console.log(`contender  ${name.padEnd(24)} ${title}`);
} else await run(options);
process.exit();

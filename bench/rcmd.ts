/**
 * The bars of rcmd, beside OpenSSH on the same machine in the same run; docs/rcmd-performance.md says what is measured.
 *
 *     npm run bench:rcmd -- [--rounds 3] [--quick] [--only upload]
 *
 * The walk: `rcmd/stage.ts` starts both servers; `rcmd/compared.ts` has what several do, in turns; `rcmd/trials.ts` what
 * rcmd must bear.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './harness/machine.ts';
import { bunProgram } from './harness/paths.ts';
import { type Comparison, comparisons } from './rcmd/compared.ts';
import { setStage } from './rcmd/stage.ts';
import { runTrials } from './rcmd/trials.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' }, // what is compared whose title has this in it, and no trials
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError('Cannot run: --rounds must be 1 or more');

const fileMib = values.quick ? 128 : 1_024;
const names = ['rcmd', 'ssh', 'ssh2'] as const;

/** A file that no link can press together. */
function writeFile(path: string): void {
  const block = Buffer.alloc(1_048_576);
  const descriptor = openSync(path, 'w');
  for (let index = 0; index < fileMib; index += 1) writeSync(descriptor, randomFillSync(block));
  closeSync(descriptor);
}

/** Every contender once a round, and each round begins with the next one: what the machine does falls on all. */
async function measure({ contenders }: Comparison): Promise<Record<string, number[]>> {
  const taking = names.filter((name) => contenders[name] !== undefined);
  const samples = Object.fromEntries(taking.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    const shift = round % taking.length;
    for (const name of [...taking.slice(shift), ...taking.slice(0, shift)]) {
      samples[name]!.push(await contenders[name]!());
    }
  }
  return samples;
}

function median(samples: readonly number[] | undefined): number | undefined {
  if (samples === undefined) return undefined;
  const sorted = samples.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function showTrials(): Promise<void> {
  console.log('\n| what | aim | rcmd |\n| --- | --- | --- |');
  const sizes = values.quick
    ? { sleeps: 100, commands: 200, silent: 200, file }
    : { sleeps: 1_000, commands: 10_000, silent: 2_000, file };
  const trials = await runTrials(stage, sizes);
  for (const { title, aim, found } of trials) console.log(`| ${title} | ${aim} | ${found} |`);
  for (const { title, wrong } of trials) {
    if (wrong === undefined) continue;
    process.exitCode = 1;
    console.error(`Missed: ${title}: ${wrong}`);
  }
}

await using stage = await setStage();
const file = join(stage.folder, 'file');
writeFile(file);
const { cpu, cores, kernel, versions } = describeMachine(bunProgram());
console.log(`${cores} cores of ${cpu}, Linux ${kernel}, Node ${versions['node']}; rounds: ${rounds}.\n`);
for (const note of stage.notes) console.log(`Skipped: ${note}.\n`);
console.log('| what | aim | rcmd | OpenSSH | ssh2 |\n| --- | --- | --: | --: | --: |');
for (const comparison of comparisons(stage, { commands: values.quick ? 50 : 300, file, fileMib })) {
  if (!comparison.title.includes(values.only ?? '')) continue;
  const samples = await measure(comparison);
  const figures = names.map((name) => {
    const figure = median(samples[name]);
    return figure === undefined ? '' : `${figure.toFixed(figure < 10 ? 1 : 0)}${comparison.unit}`;
  });
  console.log(`| ${comparison.title} | ${comparison.aim} | ${figures.join(' | ')} |`);
}
if (values.only === undefined) await showTrials();

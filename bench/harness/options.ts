import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Contender } from './contender.ts';
import { contendersOf } from './our-contenders.ts';
import { buildFile } from './paths.ts';
import type { Workload } from './workload.ts';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly seconds: number;
  /** Folder for `results.md`, `results.json` and `results.svg`. */
  readonly out: string;
}

export const usage = `npm run bench -- [options]
  --workloads <a,b>    default all of them
  --contenders <a,b>   default all; a name may end in *, as in concurrent/*
  --against <folder>   adds the servers of another checkout, built, as against/<name>
  --rounds <n>         default 5
  --seconds <s>        of each measured phase, default 1
  --quick              two rounds of half a second
  --out <folder>       default bench/build/results
  --list               names the workloads and contenders`;

/** Reads the command line. @throws {TypeError} on an unknown option, {@link RangeError} on a bad value. */
export function readOptions(
  args: readonly string[],
  known: { workloads: readonly Workload[]; contenders: readonly Contender[] },
): BenchOptions | 'help' | 'list' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workloads: { type: 'string' },
      contenders: { type: 'string' },
      against: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string', default: buildFile('results') },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const others = values.against === undefined ? [] : contendersOf(resolve(values.against));
  return {
    workloads: select('--workloads', known.workloads, values.workloads),
    contenders: select('--contenders', [...known.contenders, ...others], values.contenders),
    rounds: within('--rounds', values.rounds ?? (values.quick ? '2' : '5'), [1, 100]),
    seconds: within('--seconds', values.seconds ?? (values.quick ? '0.5' : '1'), [0.1, 60]),
    out: values.out,
  };
}

function select<T extends { name: string }>(
  option: string,
  known: readonly T[],
  wanted?: string,
): readonly T[] {
  if (wanted === undefined) return known;
  const patterns = wanted.split(',');
  for (const pattern of patterns) {
    if (!known.some(({ name }) => matches(name, pattern))) {
      throw new RangeError(`Cannot run: ${option} must name known ones (see --list), got ${pattern}`);
    }
  }
  return known.filter(({ name }) => patterns.some((pattern) => matches(name, pattern)));
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function within(option: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (value >= least && value <= most) return value;
  throw new RangeError(`Cannot run: ${option} must be ${least} to ${most}, got ${text}`);
}

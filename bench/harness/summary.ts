import type { SamplesByContender } from './rounds.ts';
import type { Sample, Workload } from './workload.ts';

/** One contender's medians in one workload. */
export interface Row {
  readonly contender: string;
  readonly title: string;
  readonly isOurs: boolean;
  readonly figure: number;
  /** Least and greatest figure of the rounds. */
  readonly range: readonly [number, number];
  /** Median of the rounds' ratios to the baseline, each within its round. */
  readonly ratio: number | undefined;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly errors: number;
  readonly samples: readonly Sample[];
}

export interface Summary {
  readonly workload: string;
  readonly title: string;
  readonly unit: string;
  readonly isBetter: 'less' | 'more';
  readonly baseline: string;
  readonly rows: readonly Row[];
}

/** Reduces the rounds to medians, best figure first. */
export function summarize(workload: Workload, samples: SamplesByContender): Summary {
  const { figure } = workload;
  const [, baseline = []] = [...samples].find(([{ name }]) => name === workload.baseline) ?? [];
  const rows: Row[] = [];
  for (const [contender, all] of samples) {
    const taken = all.filter((sample) => sample !== undefined);
    if (taken.length === 0) continue;
    const figures = taken.map(figure.of);
    rows.push({
      contender: contender.name,
      title: contender.title,
      isOurs: contender.isOurs,
      figure: median(figures),
      range: [Math.min(...figures), Math.max(...figures)],
      ratio: medianRatio(all, baseline, figure.of),
      requestsPerSecond: median(taken.map(({ requests, seconds }) => requests / seconds)),
      p50: median(taken.map(({ latencyMicros }) => latencyMicros.p50)),
      p99: median(taken.map(({ latencyMicros }) => latencyMicros.p99)),
      p999: median(taken.map(({ latencyMicros }) => latencyMicros.p999)),
      errors: taken.reduce((sum, { errors }) => sum + errors, 0),
      samples: taken,
    });
  }
  const sign = figure.isBetter === 'less' ? 1 : -1;
  return {
    workload: workload.name,
    title: workload.title,
    unit: figure.unit,
    isBetter: figure.isBetter,
    baseline: workload.baseline,
    rows: rows.sort((a, b) => sign * (a.figure - b.figure)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function medianRatio(
  samples: readonly (Sample | undefined)[],
  baseline: readonly (Sample | undefined)[],
  figureOf: (sample: Sample) => number,
): number | undefined {
  const ratios: number[] = [];
  for (const [round, sample] of samples.entries()) {
    const other = baseline[round];
    if (sample !== undefined && other !== undefined) ratios.push(figureOf(sample) / figureOf(other));
  }
  return ratios.length === 0 ? undefined : median(ratios);
}

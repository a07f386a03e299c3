import type { SoakReport } from './soak.ts';

const columns = [
  'engine',
  'model',
  'requests',
  'a second',
  'served',
  'failed',
  'refused',
  'crashes',
  'lost',
  'cut off',
  'descriptors',
  'threads',
  'processes',
  'memory, MiB',
] as const;

/** The reports as a table in Markdown: what is counted, then what was held before and after. */
export function soakTable(reports: readonly SoakReport[]): string {
  const rows = [columns, columns.map((_, index) => (index < 2 ? '---' : '--:')), ...reports.map(row)];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function row({ engine, model, seconds, load, before, after }: SoakReport): string[] {
  const count = (name: 'accepted' | 'served' | 'failed' | 'refused'): number =>
    after.stats[name] - before.stats[name];
  const held = (name: keyof typeof after.holdings, unit = 1): string =>
    `${Math.round(before.holdings[name] / unit)} → ${Math.round(after.holdings[name] / unit)}`;
  const numbers = [
    count('accepted'),
    Math.round(count('accepted') / seconds),
    count('served'),
    count('failed'),
    count('refused'),
    load.crashes,
    after.lost - before.lost,
    load.faults.length,
  ];
  return [
    engine,
    model,
    ...numbers.map((number) => number.toLocaleString('en')),
    held('descriptors'),
    held('threads'),
    held('processes'),
    held('residentBytes', 1_048_576),
  ];
}

import type { Row, Summary } from './summary.ts';

/** Renders one workload as a Markdown table, best first; ours in bold. */
export function renderTable({ title, unit, baseline, rows }: Summary): string {
  const heading = ['server', unit, `× ${baseline}`, 'requests/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'errors'];
  const lines = rows.map((row) => [
    row.isOurs ? `**${row.title}**` : row.title,
    formatNumber(row.figure),
    row.ratio === undefined ? '' : row.ratio.toFixed(2),
    formatNumber(row.requestsPerSecond),
    ...latencies(row),
    row.errors === 0 ? '' : String(row.errors),
  ]);
  const rule = `|---|${'---:|'.repeat(heading.length - 1)}`;
  return [`### ${title}`, '', renderLine(heading), rule, ...lines.map(renderLine), ''].join('\n');
}

function renderLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Three digits that matter; whole numbers from a hundred on, with thousands told apart. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '';
  return value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function latencies({ p50, p99, p999 }: Row): string[] {
  return [p50, p99, p999].map((micros) => (micros === 0 ? '' : formatNumber(micros)));
}

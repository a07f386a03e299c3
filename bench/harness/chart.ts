import type { Row, Summary } from './summary.ts';
import { formatNumber } from './table.ts';

const WIDTH = 900;
const LABEL_WIDTH = 470;
const VALUE_WIDTH = 110;
const BAR_HEIGHT = 15;
const ROW_HEIGHT = 21;
const PANEL_HEADING = 42;

/** Colours that hold on light and dark pages. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #57606a; }
  .title { font-size: 13px; font-weight: 600; }
  .ours { fill: #0969da; } .peer { fill: #9aa4af; }
  @media (prefers-color-scheme: dark) { text { fill: #adbac7; } .ours { fill: #539bf5; } .peer { fill: #636e7b; } }`;

/** Draws one panel of horizontal bars a workload, as one SVG. */
export function renderChart(summaries: readonly Summary[]): string {
  let y = 0;
  const panels = summaries.map((summary) => {
    const panel = renderPanel(summary, y);
    y += PANEL_HEADING + summary.rows.length * ROW_HEIGHT;
    return panel;
  });
  const height = y + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>Benchmark: ours beside the peers</title>`,
    `<style>${STYLE}</style>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function renderPanel({ title, unit, isBetter, rows }: Summary, top: number): string {
  const greatest = Math.max(...rows.map(({ figure }) => figure));
  const heading = `${title} (${unit}, ${isBetter} is better)`;
  const bars = rows.map((row, index) => renderBar(row, top + PANEL_HEADING + index * ROW_HEIGHT, greatest));
  return [`<text class="title" x="8" y="${top + 28}">${escapeXml(heading)}</text>`, ...bars].join('\n');
}

function renderBar({ title, isOurs, figure, ratio }: Row, y: number, greatest: number): string {
  const kind = isOurs ? 'ours' : 'peer';
  const width = Math.max((figure / greatest) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH), 1).toFixed(1);
  const value = formatNumber(figure) + (ratio === undefined ? '' : ` (${ratio.toFixed(2)} ×)`);
  const baseline = y + BAR_HEIGHT - 3;
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${escapeXml(title)}</text>`,
    `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<text x="${LABEL_WIDTH + Number(width) + 6}" y="${baseline}">${escapeXml(value)}</text>`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Soaks the four models on both engines, one after the other, and prints a table in Markdown; ends with status 1, and
 * says why, where something does not hold.
 *
 *     npm run soak -- --minutes 10 [--engine node,native]
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { soak, soakCases, type SoakReport } from './soak.ts';
import { soakTable } from './soak-table.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    engine: { type: 'string', default: 'node,native' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) {
  throw new RangeError(
    `Cannot soak: --minutes must be a number above 0, at most 1440, got ${values.minutes}`,
  );
}
const engines = values.engine.split(',');
if (!engines.every((engine) => engine === 'node' || engine === 'native')) {
  throw new RangeError(`Cannot soak: --engine must be node, native or node,native, got ${values.engine}`);
}

const cases = soakCases(engines);
const reports: SoakReport[] = [];
for (const one of cases) {
  process.stderr.write(`${one.model} on ${one.engine}\n`);
  reports.push(await soak(one, (minutes * 60) / cases.length));
}
console.log(soakTable(reports));
for (const { engine, model, findings } of reports) {
  for (const finding of findings) console.log(`\n**${model} on ${engine}**: ${finding}`);
}
if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1;

import type { AuditRecord } from './audit-record.ts';
import { printable, printableCommand, printableSentence } from './printable.ts';

/** A record as one line for people, with nothing in it that a terminal obeys: when (UTC), what, where from, who, which command, how it ended. */
export function describeRecord(record: AuditRecord): string {
  const { time, event, address, principal, comment } = record;
  const who = [comment === '' ? undefined : comment, principal].find((name) => name !== undefined) ?? '-';
  const rest = [idOf(record), commandOf(record), ...factsOf(record)].filter((part) => part !== '').join('  ');
  return `${time.replace('T', ' ')}  ${event.padEnd(9)}  ${printable(address)}  ${printable(who)}  ${rest}`.trimEnd();
}

/** Which of several commands at once it is about: the beginning of its id. */
function idOf({ commandId = '' }: AuditRecord): string {
  return printable(commandId.slice(0, 8));
}

function commandOf({ argv, shell }: AuditRecord): string {
  if (shell !== undefined) return `sh: ${printable(shell)}`;
  return argv === undefined ? '' : printableCommand(argv);
}

function factsOf(record: AuditRecord): string[] {
  const facts = [];
  if (record.cwd !== undefined) facts.push(`in ${printable(record.cwd)}`);
  if (record.pid !== undefined) facts.push(`pid ${record.pid}`);
  if (record.exitCode !== undefined) facts.push(`exit ${record.exitCode}`);
  if (record.signal !== undefined) facts.push(printable(record.signal));
  if (record.killedBy !== undefined) facts.push(`ended by ${printable(record.killedBy)}`);
  if (record.durationMs !== undefined) facts.push(`${(record.durationMs / 1_000).toFixed(3)} s`);
  const bytes = [record.stdinBytes, record.stdoutBytes, record.stderrBytes];
  if (bytes.some((count) => count !== undefined)) {
    const [input = 0, output = 0, errors = 0] = bytes;
    facts.push(`${input} B in, ${output} B out, ${errors} B errors`);
  }
  if (record.reason !== undefined) facts.push(printableSentence(record.reason));
  return facts;
}

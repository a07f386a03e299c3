import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { AuditQuery } from '../../audit/audit-index.ts';
import { auditEvents } from '../../audit/audit-record.ts';
import { printableJSON } from '../../audit/printable.ts';
import type { JournalLine } from '../../audit/journal.ts';
import { makePrivateFolder, rcmdPaths } from '../../paths/rcmd-paths.ts';
import { CliError } from '../cli-error.ts';
import { print, say } from '../../terminal/print.ts';
import { parseDuration } from '../../terminal/duration.ts';

interface AuditOptions {
  readonly event?: string;
  readonly follow?: true;
  readonly from?: string;
  readonly json?: true;
  readonly number?: string;
  readonly since?: string;
  readonly until?: string;
  readonly user?: string;
  readonly verify?: true;
}

/** What `rcmd audit --verify` exits with when something is wrong. */
const tampered = 1;

/** `rcmd audit` */
export function auditCommand(): Command {
  return new Command('audit')
    .summary('search, follow and verify what this machine ran')
    .description('Shows what the servers of this user ran, and for whom: the newest that match.')
    .argument('[text]', 'part of the command')
    .option('-f, --follow', 'go on with new records as they are written')
    .option('-n, --number <records>', 'how many at most (default: 100)')
    .option('--since <when>', 'such as 2027-01-31T12:00Z, or 2h for two hours ago')
    .option('--until <when>', 'likewise')
    .option('--user <text>', 'part of the key, its comment, or uid:1000')
    .option('--from <address>', 'from this address')
    .addOption(
      new Option('--event <name>', 'start, end, denied, failed, connected, ...').choices(auditEvents),
    )
    .option('--json', 'print the records as they are in the file, one a line')
    .option('--verify', 'check that nothing was changed or removed; else exit 1')
    .addHelpText(
      'after',
      `
Examples:
  rcmd audit -f
  rcmd audit 'systemctl restart' --since 7d --user ana@laptop
  rcmd audit --verify`,
    )
    .action(audit);
}

async function audit(text: string | undefined, options: AuditOptions): Promise<void> {
  const { auditFolder } = await import('../../audit/audit-folder.ts');
  const folder = auditFolder(rcmdPaths().state);
  if (options.verify === true) return verify(folder);
  const query: AuditQuery = {
    command: text,
    principal: options.user,
    address: options.from,
    event: options.event,
    since: timeOf('--since', options.since),
    until: timeOf('--until', options.until),
    limit: countOf(options.number ?? '100'),
  };
  const { describeRecord } = await import('../../audit/describe-record.ts');
  const show = (line: JournalLine): Promise<void> =>
    print(options.json === true ? printableJSON(line) : describeRecord(line));
  if (options.follow === true) makePrivateFolder(folder);
  if (!existsSync(folder)) return;
  const { AuditTail } = await import('../../audit/audit-tail.ts');
  using tail = options.follow === true ? new AuditTail(folder) : undefined; // before the search, so that nothing falls between
  const shown = new Set<string>();
  const { found, running } = await search(folder, query);
  for (const line of found) {
    shown.add(line.hash);
    await show(line);
  }
  if (tail === undefined) return;
  for await (const line of tail.records(query, running)) if (!shown.has(line.hash)) await show(line);
}

interface Search {
  readonly found: readonly JournalLine[];
  /** Ids of commands whose end is still to be found by the command; however many records there may be at most. */
  readonly running: Set<string>;
}

async function search(folder: string, query: AuditQuery): Promise<Search> {
  const { AuditIndex } = await import('../../audit/audit-index.ts');
  using index = new AuditIndex(folder);
  index.update();
  const running = query.command === undefined ? [] : index.running(query.command);
  return { found: index.search(query), running: new Set(running) };
}

async function verify(folder: string): Promise<void> {
  const { journalFiles, verifyJournals } = await import('../../audit/journal.ts');
  const problems = verifyJournals(folder);
  for (const { file, line, problem } of problems) say(`${file}, line ${line}: ${problem}`);
  if (problems.length > 0) process.exitCode = tampered;
  else await print(`${journalFiles(folder).length} files: nothing was changed, and nothing is missing`);
}

function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  const time = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(time)) {
    throw new CliError(
      'USAGE',
      `${option} must be a time such as 2027-01-31T12:00Z, or a time ago such as 2h, got ${JSON.stringify(text)}`,
    );
  }
  return new Date(time).toISOString();
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new CliError('USAGE', `--number must be a whole number from 1 on, got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

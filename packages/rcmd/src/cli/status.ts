import { printable, printableCommand, printableJSON } from '../audit/printable.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { formatDuration } from '../terminal/duration.ts';
import { print } from '../terminal/print.ts';
import type { StatusOptions } from './commands/status.ts';
import { defaultHost, resolveTarget, thisMachine } from './resolve-target.ts';
import { openLink } from './server-connection.ts';

/** Says how a server is. */
export async function status(host: string | undefined, options: StatusOptions): Promise<void> {
  const target = resolveTarget(host ?? defaultHost() ?? thisMachine, options.hostKeys);
  const link = await openLink(target);
  const answer = await link.status().catch(async (error: unknown) => {
    const { explainRefusal } = await import('./connection-failure.ts');
    throw explainRefusal(error);
  });
  link.close();
  await print(options.json === true ? printableJSON(answer) : describe(target.address, answer));
}

function describe(address: string, status: ServerStatus): string {
  const { omitted = 0 } = status;
  const lines = [
    `${printable(address)}: ${printable(status.software)}, process ${status.pid}, up ${formatDuration(status.uptimeMs)}`,
    `you are ${printable(status.you)}`,
    `${counted(status.connections, 'connection')}, ${counted(status.commands.length + omitted, 'command')}`,
  ];
  for (const { argv, owner, pid, startedAt } of status.commands) {
    const age = formatDuration(Math.max(0, Date.now() - startedAt));
    lines.push(`  ${pid}  ${age}  ${printable(owner)}  ${printableCommand(argv)}`);
  }
  if (omitted > 0) lines.push(`  and ${omitted} more`);
  return lines.join('\n');
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

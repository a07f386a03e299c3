import { printable, printableCommand, printableSentence } from '../audit/printable.ts';
import type { CommandEnd } from '../protocol/command-end.ts';
import type { ServerEvent } from '../server/server-events.ts';

/** What a server does, as a line of its log with nothing in it that a terminal obeys; `undefined` for what needs none. */
export function describeEvent(event: ServerEvent): string | undefined {
  const text = textOf(event);
  return text === undefined ? undefined : `${new Date().toISOString()} ${text}`;
}

function textOf(event: ServerEvent): string | undefined {
  switch (event.type) {
    case 'listening':
      return undefined;
    case 'connection-accepted':
      return `${who(event)} connected`;
    case 'connection-refused':
      return `${printable(event.address)} was refused: ${printableSentence(event.reason)}`;
    case 'connection-closed':
      return `${who(event)} left: ${printableSentence(event.reason)}`;
    case 'command-started':
      return `${who(event)} runs ${event.pid}: ${printableCommand(event.argv)}`;
    case 'command-refused':
      return `${who(event)} may not run ${printableCommand(event.argv)}: ${printableSentence(event.failure.message)}`;
    case 'command-ended':
      return `${who(event)} ran ${printableCommand(event.argv)}: ${how(event.end)}`;
    case 'connection-failed':
      return `serving ${printable(event.address)} failed: ${printableSentence(event.reason)}`;
    case 'audit-failed':
      return `the audit cannot be written: ${printableSentence(event.reason)}`;
    default:
      return event satisfies never;
  }
}

function who({ address, principal }: { readonly address: string; readonly principal: string }): string {
  return `${printable(principal)} from ${printable(address)}`;
}

function how({ exitCode, killedBy, signal }: CommandEnd): string {
  const end = exitCode === undefined ? (signal ?? 'ended') : `exit ${exitCode}`;
  return killedBy === undefined ? end : `${end} (${killedBy})`;
}

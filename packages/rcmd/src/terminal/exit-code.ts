import { constants } from 'node:os';
import type { CommandEnd, CommandFailureCode, KillReason } from '../protocol/command-end.ts';

/** What `rcmd` exits with when it failed itself, as env(1), timeout(1) and docker do. */
export const ourFailure = 125;

/** A command ran out of time, as with timeout(1). */
const timedOut = 124;

/** What `rcmd` exits with for a command that has ended. */
export function exitCodeOf({
  exitCode,
  signal,
  killedBy,
}: Pick<CommandEnd, 'exitCode' | 'signal' | 'killedBy'>): number {
  if (killedBy === 'timeout' || killedBy === 'idle') return timedOut;
  return exitCode ?? signalExitCode(signal ?? 'SIGKILL');
}

/** As shells write an end by a signal: 128 and its number. [POSIX 2.8.2] */
export function signalExitCode(signal: string): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? realTimeNumber(signal));
}

/** The number of `SIGRTMIN+1` and the like, which Node has no names for; 0 for what is no signal. [signal(7)] */
function realTimeNumber(signal: string): number {
  const match = /^SIGRTMIN([+-]\d+)?$/.exec(signal);
  return match === null ? 0 : 34 + Number(match[1] ?? 0);
}

/** What `rcmd` exits with when nothing ran, as shells, env(1) and docker have it. */
export function failureExitCode(code: CommandFailureCode): number {
  if (code === 'NOT_FOUND') return 127;
  return code === 'NOT_EXECUTABLE' ? 126 : ourFailure;
}

const reasons: Readonly<Record<KillReason, string | undefined>> = {
  timeout: 'the command was ended: it took too long',
  idle: 'the command was ended: it was silent for too long',
  'output-limit': 'the command was ended: it wrote more than it may',
  'client-signal': undefined,
  'client-gone': undefined,
  'server-draining': 'the command was ended: the server stops',
  administrator: 'the command was ended by the administrator of the server',
};

/** One line for people about a command that did not end by itself; `undefined` where there is nothing to say. */
export function killedLine({ killedBy }: Pick<CommandEnd, 'killedBy'>): string | undefined {
  return killedBy === undefined ? undefined : reasons[killedBy];
}

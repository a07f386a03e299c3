import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

/** Whether a descriptor is closed when a program is executed, in the octal flags of `/proc`. [proc_pid_fdinfo(5)] */
const closeOnExec = 0o2000000;

/**
 * The descriptors beyond 2 that this process was started with and that its children would have as well: Node marks all that
 * it opens itself, and cannot mark others. Empty where there is no `/proc`.
 */
export function inheritedDescriptors(): number[] {
  return openDescriptors().filter((fd) => fd > 2 && (flagsOf(fd) & closeOnExec) === 0);
}

/**
 * Closes what this process was started with, so that no command gets at it; the channel to a parent that is a Node program
 * stays, and so do those that are `kept`. For programs that are servers and nothing else: in others the descriptors may be somebody's.
 */
export function closeInherited(kept: readonly number[] = []): void {
  if (readsCertificates()) getCACertificates('default');
  const { channel } = process as { readonly channel?: { readonly fd?: number } };
  for (const fd of inheritedDescriptors()) if (fd !== channel?.fd && !kept.includes(fd)) closeSync(fd);
}

/**
 * Whether Node reads files of certificates when it starts. It does so in a thread of its own, through descriptors that it does not mark: to close
 * one of them ends the process. To ask for the certificates is to wait until they are read. [Node: NODE_EXTRA_CA_CERTS, --use-system-ca]
 */
function readsCertificates(): boolean {
  const { NODE_EXTRA_CA_CERTS: extra, NODE_OPTIONS: options = '', NODE_USE_SYSTEM_CA: system } = process.env;
  const usesSystem = [...process.execArgv, options].some((words) => words.includes('--use-system-ca'));
  return extra !== undefined || system === '1' || usesSystem;
}

function openDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return [];
  }
}

function flagsOf(fd: number): number {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    return flags === undefined ? closeOnExec : Number.parseInt(flags, 8);
  } catch {
    return closeOnExec; // the descriptor of the listing itself, closed by now
  }
}

import type { RcmdPaths } from '../paths/rcmd-paths.ts';
import type { Identity } from '../trust/identity.ts';
import type { CommandLimits } from './command-limits.ts';

/** What every worker of a server must know: plain values, which cross to threads and processes. */
export interface ServerSettings {
  readonly paths: RcmdPaths;
  /** The server's own. The key in it is a secret. */
  readonly identity: Identity;
  readonly limits: CommandLimits;
  readonly audit: AuditSettings;
  /** Variables that clients without limits may set, though they are refused otherwise. */
  readonly acceptEnv: readonly string[];
  /** Whether the application decides about keys, and about operations, itself. */
  readonly asks: { readonly authorize: boolean; readonly policy: boolean };
  /** The number of the server's process, and when it began. */
  readonly pid: number;
  readonly startedAt: number;
}

/** Where the audit goes, and how much it matters. */
export interface AuditSettings {
  readonly folder: string;
  /** Whether each record is on the disk before its command runs. */
  readonly isDurable: boolean;
  /** Whether a command is refused whose record cannot be written. */
  readonly mustBeWritten: boolean;
}

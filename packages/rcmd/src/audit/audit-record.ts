/** What is on record. */
export const auditEvents = [
  'start',
  'end',
  'denied',
  'failed',
  'connected',
  'disconnected',
  'refused-connection',
] as const;

/** After one of these there is no more on record about a command. */
export const lastEvents: readonly string[] = ['end', 'denied', 'failed'];

/** One line of the audit: something was asked for, began or ended. Append-only; each holds the hash of the one before. */
export interface AuditRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly event: (typeof auditEvents)[number];
  /** One for each connection. */
  readonly connectionId: string;
  readonly commandId?: string;
  /** A fingerprint, or `uid:1000`. */
  readonly principal?: string;
  readonly comment?: string;
  readonly address: string;
  /** What was asked for; `shell` holds the one string of a shell command. */
  readonly argv?: readonly string[];
  readonly shell?: string;
  /** What was asked for, where the key is forced to another command. */
  readonly original?: string;
  readonly cwd?: string;
  readonly reason?: string;
  readonly pid?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly killedBy?: string;
  readonly durationMs?: number;
  readonly stdinBytes?: number;
  readonly stdoutBytes?: number;
  readonly stderrBytes?: number;
}

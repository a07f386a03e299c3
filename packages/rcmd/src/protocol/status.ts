import { aCount, aText, type FieldRules, listOf, readJSON } from './json-payload.ts';

/** One of the commands that run on a server. */
export interface CommandStatus {
  readonly commandId: string;
  readonly pid: number;
  /** Who asked for it. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly argv: readonly string[];
}

/** What a server says about itself: the payload of STATUS_ANSWER. */
export interface ServerStatus {
  readonly software: string;
  /** The number of the server's process. */
  readonly pid: number;
  /** Milliseconds since it began to serve. */
  readonly uptimeMs: number;
  readonly connections: number;
  /** As the server sees the asker: a fingerprint or a user. */
  readonly you: string;
  readonly commands: readonly CommandStatus[];
}

const isCommand = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'commandId' in value && 'argv' in value
    ? undefined
    : 'a command';

const rules: FieldRules = {
  software: aText,
  pid: aCount,
  uptimeMs: aCount,
  connections: aCount,
  you: aText,
  commands: listOf(isCommand),
};

/** @throws ProtocolError */
export function decodeStatus(payload: Buffer): ServerStatus {
  return readJSON(payload, 'STATUS_ANSWER', rules) as unknown as ServerStatus;
}

import { maxPayloadBytes } from './frame.ts';
import {
  aCount,
  aText,
  type FieldRules,
  listOf,
  objectOf,
  optional,
  readJSON,
  writeJSON,
} from './json-payload.ts';

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
  /** The oldest first. Where they are too many for one answer, long ones are cut. */
  readonly commands: readonly CommandStatus[];
  /** Commands that run besides, for which there was no room. */
  readonly omitted?: number;
}

/** Characters of a command that are left where it must be cut. */
const shownCharacters = 128;

const commandRules: FieldRules = {
  commandId: aText,
  pid: aCount,
  owner: aText,
  startedAt: aCount,
  argv: listOf(aText),
};

const rules: FieldRules = {
  software: aText,
  pid: aCount,
  uptimeMs: aCount,
  connections: aCount,
  you: aText,
  commands: listOf(objectOf(commandRules)),
  omitted: optional(aCount),
};

/** The payload of a STATUS_ANSWER: as much of it as fits a frame. */
export function writeStatus(status: ServerStatus): Buffer {
  const payload = writeJSON(status);
  if (payload.length <= maxPayloadBytes) return payload;
  const commands = status.commands.map((command) => ({ ...command, argv: cut(command.argv) }));
  let room = maxPayloadBytes - writeJSON({ ...status, commands: [], omitted: commands.length }).length;
  const left = commands.findIndex((command) => (room -= writeJSON(command).length + 1) < 0); // and a comma
  if (left === -1) return writeJSON({ ...status, commands });
  return writeJSON({ ...status, commands: commands.slice(0, left), omitted: commands.length - left });
}

/** The beginning of a command; how many words are left out stands at its end. */
function cut(argv: readonly string[]): string[] {
  let room = shownCharacters;
  const words: string[] = [];
  for (const word of argv) {
    if (word.length > room) {
      const omitted = argv.length - words.length - 1;
      return [...words, `${word.slice(0, room)}…`, ...(omitted === 0 ? [] : [`(and ${omitted} more)`])];
    }
    room = Math.max(0, room - word.length - 1);
    words.push(word);
  }
  return words;
}

/** @throws ProtocolError */
export function decodeStatus(payload: Buffer): ServerStatus {
  return readJSON(payload, 'STATUS_ANSWER', rules) as unknown as ServerStatus;
}

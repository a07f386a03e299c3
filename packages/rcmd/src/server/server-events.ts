import type { CommandEnd, CommandFailure } from '../protocol/command-end.ts';
import type { RefusalFault } from './core/intake-guard.ts';

/** What a server tells about itself, for logs. Text in it came from clients, names as they came, and sentences (`reason`, `message`) that quote some with escapes: nothing of it is fit for a terminal as it is. */
export type ServerEvent =
  /** `isInsecure`: for the classic exchange, where anyone who can connect may run anything. */
  | { readonly type: 'listening'; readonly address: string; readonly isInsecure: boolean }
  | ({ readonly type: 'connection-accepted' } & ConnectionFacts)
  /** A client was turned away before it was anybody: `reason` says why. */
  | {
      readonly type: 'connection-refused';
      readonly fault: RefusalFault;
      readonly address: string;
      readonly reason: string;
    }
  /** Serving a client failed in a way that is the server's own fault. */
  | { readonly type: 'connection-failed'; readonly address: string; readonly reason: string }
  | ({ readonly type: 'connection-closed'; readonly reason: string } & ConnectionFacts)
  | ({ readonly type: 'command-started'; readonly pid: number } & CommandFacts)
  /** Nothing was run. */
  | ({ readonly type: 'command-refused'; readonly failure: CommandFailure } & CommandFacts)
  | ({ readonly type: 'command-ended'; readonly end: CommandEnd } & CommandFacts)
  /** The audit cannot be written; commands are refused, or not, as the options say. */
  | { readonly type: 'audit-failed'; readonly reason: string };

/** Who is connected. */
export interface ConnectionFacts {
  readonly connectionId: string;
  /** The client's address; `'unix'` for a local one. */
  readonly address: string;
  /** A fingerprint and its comment, or a user. */
  readonly principal: string;
}

/** Which command. */
export interface CommandFacts extends ConnectionFacts {
  readonly commandId: string;
  /** What was asked for; a shell's line as `sh -c LINE`. */
  readonly argv: readonly string[];
}

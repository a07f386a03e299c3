import type { Asker, Decision, Operation } from '../../policy/operation.ts';
import type { CommandStatus } from '../../protocol/status.ts';
import type { ServerEvent } from '../server-events.ts';
import type { Refusal, RequestName } from './intake-guard.ts';

/** Who wants to run something. */
export interface CommandAsk {
  readonly commandId: string;
  readonly connectionId: string;
  /** The client, over all its connections. */
  readonly owner: string;
  readonly argv: readonly string[];
}

/** Whether something may be done now. */
export type Admission =
  | { readonly isAdmitted: true }
  | { readonly isAdmitted: false; readonly message: string; readonly retryAfterMs: number };

/** Who is connected, and what runs. */
export interface CoreState {
  readonly connections: number;
  readonly commands: readonly CommandStatus[];
}

/** A key that somebody shows. */
export interface PresentedKey {
  readonly fingerprint: string;
  /** The client's address. */
  readonly address: string;
}

/** What may be done with a key: `true` for everything, or the options that would stand before it in `authorized_keys`. */
export type Authorization = boolean | string;

/**
 * What there is once for all workers of a server: limits that hold over all of them, the guard before authentication, the
 * application's own decisions, and the events. It lives in the server's own thread; workers reach it by messages.
 */
export interface Core {
  /** The client of a connection is known, and no longer half open. Counts the connection until {@link disconnected}. */
  connected(request: RequestName, connection: ConnectionAsk): Promise<Admission>;
  disconnected(connectionId: string): void;
  /** A client that was nobody is turned away. Resolves when that is known, which must be before its connection ends. */
  refused(request: RequestName, refusal: Refusal): Promise<void>;
  /** A client that was let in is turned away after all. */
  blamed(refusal: Refusal): void;
  /** Counts a command in, if the limits allow it, until {@link ended}. */
  admit(ask: CommandAsk): Promise<Admission>;
  started(commandId: string, pid: number): void;
  ended(commandId: string): void;
  state(): Promise<CoreState>;
  publish(event: ServerEvent): void;
  /** What the application says about a key; `undefined` where it leaves that to `authorized_keys`. */
  authorize(key: PresentedKey): Promise<Authorization | undefined>;
  /** What the application says about an operation that `decide()` allows; `undefined` for nothing. */
  decide(operation: Operation, asker: Asker): Promise<Decision | undefined>;
}

/** Who wants to be connected. */
export interface ConnectionAsk {
  readonly connectionId: string;
  readonly owner: string;
}

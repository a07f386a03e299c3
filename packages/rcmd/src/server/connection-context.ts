import type { Asker } from '../policy/operation.ts';
import type { KeyOptions } from '../trust/key-options.ts';
import type { ConnectionFacts } from './server-events.ts';

/** A connection whose client is authenticated. */
export interface ConnectionContext {
  readonly connectionId: string;
  readonly asker: Asker;
  /** For the audit and the limits: the client over all its connections. */
  readonly owner: string;
  readonly facts: ConnectionFacts;
  /** What the application said that the client may do; else the files say it, as they are at the time. */
  readonly rights?: KeyOptions | undefined;
}

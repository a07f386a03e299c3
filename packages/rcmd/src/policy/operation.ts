import type { OpenRequest } from '../protocol/open-request.ts';
import type { Principal } from '../trust/principal.ts';

/** What a client asks the server to do. Each is decided on by itself, whatever message carried it. */
export type Operation =
  | { readonly kind: 'exec'; readonly request: OpenRequest }
  | { readonly kind: 'shell'; readonly request: OpenRequest }
  | {
      readonly kind: 'signal';
      readonly commandId: string;
      readonly owner: Principal;
      readonly signal: string;
    }
  | { readonly kind: 'list' }
  /** No message of version 1 asks for it: it is decided already, so that none comes without. */
  | { readonly kind: 'attach'; readonly commandId: string; readonly owner: Principal };

/** Who asks, and from where. */
export interface Asker {
  readonly principal: Principal;
  /** The client's address as text; `'unix'` for a local one. */
  readonly address: string;
}

/** What is to be done about an operation. */
export type Decision =
  | {
      readonly verdict: 'allow';
      /** What runs: as asked, or what the client's key is forced to, with `RCMD_ORIGINAL_COMMAND` set. */
      readonly request?: OpenRequest;
    }
  | { readonly verdict: 'deny'; readonly reason: string };

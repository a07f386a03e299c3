import type { InetAddress } from '../../address/socket-address.ts';

/** What a thread may do with a listener on loan. */
export interface LoanTerms {
  /** Of the first client; the next ones follow, in whatever thread. Ignored where another one has the listener on loan. */
  readonly number: number;
  /** As of `CrossingNotes`. */
  readonly after: number;
  /** Connections that the thread may have more than when it got the loan; at so many it takes no further client. */
  readonly quota: number;
}

/** How a loan goes: `over` when it was ended, or the thread could not take a client, or is gone. */
export type LoanState = 'out' | 'at-quota' | 'over';

/** Learns of a client that was accepted on loan. */
export type Accepted = (number: number, clientAddress: InetAddress) => void;

/** A listener on loan to another thread. */
export interface Loan {
  /** Whether clients wait to be accepted. It costs a system call. */
  readonly hasClients: boolean;

  /** For how many milliseconds the thread had a core so far, at the last look. */
  readonly cpuMs: number;

  /** Tells of all clients that were accepted since the last look, also after the end. */
  look(accepted: Accepted): LoanState;

  /**
   * Ends the loan: when this returns, the thread takes no client any more, and {@link look} knows of all that it took.
   *
   * @returns the number of the next client; 0 where the listener was closed, which has ended the loan.
   */
  end(): number;
}

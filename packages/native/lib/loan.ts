import type { Accepted, Loan, LoanState } from './contract.ts';
import type { NativeEngine } from './engine.ts';
import type { NativeListener } from './listener.ts';
import { inetAddress } from './mailbox.ts';

/** By the numbers of `LoanState` in `src/crossing.h`. */
const states: readonly LoanState[] = ['over', 'out', 'at-quota'];

const wordsOfLoan = 2;
const wordsOfGuest = 3;

/** A listener of this engine on loan to the thread at the far end of a crossing. */
export class NativeLoan implements Loan {
  readonly #engine: NativeEngine;
  readonly #listener: NativeListener;
  readonly #crossing: number;
  cpuMs = 0;

  constructor(engine: NativeEngine, listener: NativeListener, crossing: number) {
    this.#engine = engine;
    this.#listener = listener;
    this.#crossing = crossing;
  }

  get hasClients(): boolean {
    const { slot, generation } = this.#listener;
    return this.#engine.binding.hasClients(slot, generation) === 1;
  }

  look(accepted: Accepted): LoanState {
    const words = this.#engine.binding.lookAtLoan(this.#crossing);
    const { hosts } = this.#engine.mailbox;
    this.cpuMs = words[1]!;
    for (let at = wordsOfLoan; at < words.length; at += wordsOfGuest) {
      accepted(words[at]!, inetAddress(hosts.textOf(words[at + 1]! | 0), words[at + 2]!));
    }
    return states[words[0]!]!;
  }

  end(): number {
    const { slot, generation } = this.#listener;
    return this.#engine.binding.takeBack(slot, generation, this.#crossing);
  }
}

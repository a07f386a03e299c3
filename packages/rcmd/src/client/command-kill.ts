import type { ClientChannel } from '../link/client-channel.ts';
import type { ExecOptions } from './exec-options.ts';

const defaultGraceMs = 5_000;

/** What signals go to a command from here; after the one that is to end it follows SIGKILL. */
export class CommandKill {
  /** The one that is to end it. */
  readonly signal: NodeJS.Signals;
  readonly #channel: Pick<ClientChannel, 'started' | 'signal'>;
  readonly #graceMs: number | false;
  #forceTimer: NodeJS.Timeout | undefined;
  #isForced = false;

  constructor(
    channel: Pick<ClientChannel, 'started' | 'signal'>,
    { killSignal = 'SIGTERM', forceKillAfterDelay = defaultGraceMs }: ExecOptions,
  ) {
    this.signal = killSignal;
    this.#channel = channel;
    this.#graceMs = forceKillAfterDelay;
  }

  /** Whether SIGKILL has followed. */
  get isForced(): boolean {
    return this.#isForced;
  }

  /** Sends a signal once the command runs: what comes before would be lost. */
  send(signal: NodeJS.Signals): void {
    this.#channel.started.then(
      () => this.#channel.signal(signal),
      () => {},
    );
    if (signal === this.signal && signal !== 'SIGKILL') this.#forceLater();
  }

  /** The command has ended. */
  over(): void {
    clearTimeout(this.#forceTimer);
  }

  #forceLater(): void {
    if (this.#graceMs === false || this.#graceMs === Infinity || this.#forceTimer !== undefined) return;
    this.#forceTimer = setTimeout(() => {
      this.#isForced = true;
      this.#channel.signal('SIGKILL');
    }, this.#graceMs);
  }
}

import { anything, type OptionRules, someMilliseconds } from '../options/check-options.ts';

/** Options of `serveForever()`. */
export interface ServeForeverOptions {
  /** Milliseconds between two calls of `serviceActions()` while no request comes. Default 500, as in Python. */
  readonly serviceIntervalMs?: number | undefined;
}

/** Options of `serveForever()` for a server that signals end. */
export interface SignalledServeForeverOptions extends ServeForeverOptions {
  /**
   * Signals that end the call in good order, such as `['SIGTERM', 'SIGINT']`: the first one closes the server as
   * `serverClose()` does, the next one ends what still runs at once.
   */
  readonly signals: readonly NodeJS.Signals[];
}

export const serveForeverRules: OptionRules<SignalledServeForeverOptions> = {
  serviceIntervalMs: someMilliseconds,
  signals: anything, // a list, checked by checkSignals()
};

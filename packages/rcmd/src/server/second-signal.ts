/** One signal again within this time is the same request, as the listeners take it: npm passes on what the terminal has sent already. */
const repetitionMs = 250;

/**
 * Acts at each signal after the first of those that ask this process to end, for as long as the result is not disposed of.
 *
 * @param signals - those that no program can take are left to `serveForever()`, which refuses them.
 */
export function onSecondSignal(signals: readonly NodeJS.Signals[], act: () => void): Disposable {
  const taken = signals.filter((signal) => signal !== 'SIGKILL' && signal !== 'SIGSTOP');
  let last: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const received = (signal: NodeJS.Signals): void => {
    const at = performance.now();
    const earlier = last;
    last = { signal, at };
    if (earlier !== undefined && (signal !== earlier.signal || at - earlier.at >= repetitionMs)) act();
  };
  for (const signal of taken) process.on(signal, received);
  return {
    [Symbol.dispose]: () => {
      for (const signal of taken) process.off(signal, received);
    },
  };
}

import { signalExitCode } from '../terminal/exit-code.ts';

/** Signals that a person or the system sends to end a program. */
const endings = ['SIGTERM', 'SIGHUP'] as const;

/** What the signals to this process mean while a command runs. */
export interface InterruptOptions {
  /** The first Ctrl-C: for the command. */
  readonly first: () => void;
  /** We are about to end. */
  readonly last: () => void;
}

/**
 * While it is in use, the first Ctrl-C is for the command and the second one ends this process, as SIGTERM and a closed terminal do.
 */
export function handleInterrupts({ first, last }: InterruptOptions): Disposable {
  let times = 0;
  const end = (signal: NodeJS.Signals): void => {
    last();
    process.exit(signalExitCode(signal));
  };
  const interrupt = (): void => {
    times += 1;
    if (times === 1) first();
    else end('SIGINT');
  };
  process.on('SIGINT', interrupt);
  for (const signal of endings) process.on(signal, end);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGINT', interrupt);
      for (const signal of endings) process.off(signal, end);
    },
  };
}

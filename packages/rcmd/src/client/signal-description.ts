const descriptions: Readonly<Record<string, string>> = {
  SIGABRT: 'gave itself up',
  SIGALRM: 'its alarm rang',
  SIGBUS: 'touched memory that is not there',
  SIGFPE: 'wrong arithmetic',
  SIGHUP: 'its terminal is gone',
  SIGILL: 'an instruction that the processor does not know',
  SIGINT: 'interrupted, as by Ctrl-C',
  SIGKILL: 'killed, and could do nothing about it',
  SIGPIPE: 'wrote where nobody reads',
  SIGQUIT: 'told to quit, as by Ctrl-\\',
  SIGSEGV: 'touched memory that is not its own',
  SIGSYS: 'a system call that is not allowed',
  SIGTERM: 'asked to end',
  SIGTRAP: 'a breakpoint',
  SIGUSR1: 'the first signal of its own meaning',
  SIGUSR2: 'the second signal of its own meaning',
  SIGVTALRM: 'its time of computing is over',
  SIGXCPU: 'took too much computing time',
  SIGXFSZ: 'wrote too large a file',
};

/** What a signal means to a program that it ends, in a few words; `undefined` for one that mostly ends none. */
export function describeSignal(signal: string): string | undefined {
  return Object.hasOwn(descriptions, signal) ? descriptions[signal] : undefined;
}

/** Whether an error came from the operating system: what Python calls an `OSError`. [Node: SystemError] */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

const exhaustion = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** Whether the system ran out of what accepting needs, so that trying again at once is vain. [accept(2)] */
export function isExhaustion(error: NodeJS.ErrnoException): boolean {
  return exhaustion.has(error.code ?? '');
}

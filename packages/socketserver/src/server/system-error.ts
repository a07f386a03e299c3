/** Whether an error came from the operating system: what Python calls an `OSError`. [Node: SystemError] */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** Connections that went away, or calls that were interrupted, before they could be taken. [accept(2)] */
const passing = new Set(['ECONNABORTED', 'EPROTO', 'EINTR', 'EAGAIN', 'ECONNRESET']);

/** Whether an error says nothing about the next try, so that it may come at once; after others it would be vain. */
export function isPassing(error: NodeJS.ErrnoException): boolean {
  return passing.has(error.code ?? '');
}

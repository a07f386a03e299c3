/** Whether a number says how many bytes to take at most: an integer above 0, or `Infinity`. */
export function isByteCount(count: number): boolean {
  return count > 0 && (Number.isInteger(count) || count === Infinity);
}

/** Rejects with the RangeError for a number that is none. */
export function refuseByteCount(operation: string, count: number): Promise<never> {
  return Promise.reject(
    new RangeError(`Cannot ${operation}: the number of bytes must be above 0, got ${String(count)}`),
  );
}

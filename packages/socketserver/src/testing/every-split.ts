/**
 * Gives every way in which a short stream may arrive in two pieces, and byte by byte: what a handler or a parser must not
 * notice. The first is the whole in one piece.
 *
 * @param bytes - a message or a few; there is one split for each byte.
 *
 * @example
 * for (const pieces of everySplit('hello\n')) {
 *   assert.equal(String((await runHandler(Shout, pieces)).output), 'HELLO\n');
 * }
 */
export function* everySplit(bytes: Uint8Array | string): Generator<Buffer[], void, void> {
  const whole = Buffer.from(bytes);
  yield [whole];
  for (let at = 1; at < whole.length; at += 1) yield [whole.subarray(0, at), whole.subarray(at)];
  if (whole.length > 2) yield Array.from(whole, (_byte, at) => whole.subarray(at, at + 1));
}

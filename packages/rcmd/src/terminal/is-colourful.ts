/** Whether a stream shows colours, and is wanted to: not where `NO_COLOR` is set, nor on a dumb terminal. @see https://no-color.org */
export function isColourful(stream: NodeJS.WriteStream): boolean {
  const isUnwanted = (process.env['NO_COLOR'] ?? '') !== '';
  return stream.isTTY && !isUnwanted && stream.hasColors();
}

/** Collects what is written to stderr for the length of a block. */
export function captureStderr(): Disposable & { text(): string } {
  const write = process.stderr.write.bind(process.stderr);
  let text = '';
  process.stderr.write = (chunk: Uint8Array | string): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  return {
    text: () => text,
    [Symbol.dispose]() {
      process.stderr.write = write;
    },
  };
}

import type { StreamSocket } from '../../src/index.ts';

/** Everything until the end of the stream. */
export async function readAll(socket: StreamSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

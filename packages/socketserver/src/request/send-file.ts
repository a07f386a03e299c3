import { type FileHandle, open } from 'node:fs/promises';
import type { Connection } from '../engine/contract/connection.ts';

/** Which part of a file to send. */
export interface SendFileOptions {
  /** Bytes to skip at its beginning. Default 0. */
  readonly offset?: number;
  /** Bytes to send, fewer only where the file ends. Default: all the rest. */
  readonly length?: number;
}

/** A file to send: a path, or one that is open, which stays open and keeps its position. */
export type FileToSend = string | URL | FileHandle;

/** The socket's side of it. */
interface FileSink {
  readonly connection: Connection;
  /** Seconds that one piece may wait. */
  readonly timeout: number | undefined;
  write(bytes: Uint8Array, operation: string): Promise<void> | undefined;
  /** Has the engine send, where that can. */
  sendFile(file: number, offset: number, length: number): Promise<number>;
}

/** A part of an open file. */
interface Part {
  readonly offset: number;
  readonly length: number;
}

/** What one wait is for, where waits have a deadline, and what one buffer holds. */
const pieceBytes = 131_072;

/** Sends part of a file, by `sendfile(2)` where the engine has it, else through one bounded buffer. */
export async function sendFile(
  sink: FileSink,
  file: FileToSend,
  { offset = 0, length = Infinity }: SendFileOptions,
): Promise<number> {
  requireCount('offset', offset, Number.MAX_SAFE_INTEGER);
  requireCount('length', length, Infinity);
  const handle = typeof file === 'object' && 'fd' in file ? file : await open(file);
  try {
    const stat = await handle.stat();
    // Files that the kernel makes up, such as those of /proc, say that they are empty.
    if (sink.connection.sendFile === undefined || !stat.isFile() || stat.size === 0) {
      return await copyFile(sink, handle, { offset, length });
    }
    const rest = Math.min(length, Math.max(0, stat.size - offset));
    return await sendPieces(sink, handle, { offset, length: rest });
  } finally {
    if (handle !== file) await handle.close();
  }
}

async function sendPieces(sink: FileSink, { fd }: FileHandle, { offset, length }: Part): Promise<number> {
  let sent = 0;
  let isShort = false;
  while (sent < length && !isShort) {
    const left = length - sent;
    const wanted = sink.timeout === undefined ? left : Math.min(left, pieceBytes);
    const count = await sink.sendFile(fd, offset + sent, wanted);
    sent += count;
    isShort = count < wanted;
  }
  return sent;
}

async function copyFile(sink: FileSink, handle: FileHandle, { offset, length }: Part): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, length)));
  let sent = 0;
  while (sent < length) {
    const wanted = Math.min(buffer.length, length - sent);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset + sent);
    if (bytesRead === 0) break;
    await sink.write(buffer.subarray(0, bytesRead), 'sendfile');
    sent += bytesRead;
  }
  return sent;
}

function requireCount(name: string, value: number, max: number): void {
  const isCount =
    typeof value === 'number' && value >= 0 && value <= max && (Number.isInteger(value) || value === max);
  if (!isCount) throw new RangeError(`Cannot sendfile: ${name} must be an integer from 0 on, got ${value}`);
}

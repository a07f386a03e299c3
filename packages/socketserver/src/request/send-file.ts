import { type FileHandle, open } from 'node:fs/promises';
import type { Connection } from '../engine/contract.ts';

/** Which part of a file to send. */
export interface SendFileOptions {
  /** Bytes to skip at its beginning. Default 0. */
  readonly offset?: number;
  /** Bytes to send, fewer only where the file ends. Default: all the rest. */
  readonly length?: number;
}

/** A file to send: a path, or one that is open, which stays open and keeps its position. */
export type FileToSend = string | URL | FileHandle;

/** What sends the pieces where the engine has no call of its own. */
type Send = (bytes: Uint8Array) => Promise<void>;

/** How the socket takes part. */
interface SendFileHooks {
  readonly send: Send;
  /** Learns of bytes that did not go through `send`. */
  readonly counted: (bytes: number) => void;
}

const pieceBytes = 131_072;

/** Sends part of a file, by `sendfile(2)` where the engine has it, else through one bounded buffer. */
export async function sendFile(
  connection: Connection,
  file: FileToSend,
  { offset = 0, length = Infinity, send, counted }: SendFileOptions & SendFileHooks,
): Promise<number> {
  requireCount('offset', offset, Number.MAX_SAFE_INTEGER);
  requireCount('length', length, Infinity);
  const handle = typeof file === 'object' && 'fd' in file ? file : await open(file);
  try {
    const stat = await handle.stat();
    // Files that the kernel makes up, such as those of /proc, say that they are empty.
    if (connection.sendFile === undefined || !stat.isFile() || stat.size === 0) {
      return await copyFile(handle, { offset, length, send });
    }
    const rest = Math.min(length, Math.max(0, stat.size - offset));
    const sent = await connection.sendFile(handle.fd, offset, rest);
    counted(sent);
    return sent;
  } finally {
    if (handle !== file) await handle.close();
  }
}

async function copyFile(
  handle: FileHandle,
  { offset, length, send }: { readonly offset: number; readonly length: number; readonly send: Send },
): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, length)));
  let sent = 0;
  while (sent < length) {
    const wanted = Math.min(buffer.length, length - sent);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset + sent);
    if (bytesRead === 0) break;
    await send(buffer.subarray(0, bytesRead));
    sent += bytesRead;
  }
  return sent;
}

function requireCount(name: string, value: number, max: number): void {
  const isCount =
    typeof value === 'number' && value >= 0 && value <= max && (Number.isInteger(value) || value === max);
  if (!isCount) throw new RangeError(`Cannot sendfile: ${name} must be an integer from 0 on, got ${value}`);
}

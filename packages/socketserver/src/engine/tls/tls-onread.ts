import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The most that one TLS record holds. [RFC 8446 5.1] */
const recordBytes = 16_384;

/** One buffer for all connections of this thread: OpenSSL decrypts and calls back in one step, so none overlap. */
let shared: Buffer | undefined;

/** Records from this size on are copied into blocks, of which each holds many: so much less is left to be collected. */
const longBytes = 8_192;
const blockBytes = 135_168; // two messages of 64 KiB with what heads them

/** Room that a block must have for what begins there: as much as is mostly sent at once. */
const burstBytes = 65_536;

/**
 * Garbage left behind with each block. V8 counts the blocks' memory, and by itself makes a full collection for every 64 MiB of
 * it; enough litter among young objects brings the cheap young collection first, which frees the blocks as well.
 */
const litter = Array.from({ length: 4_096 }, () => 0);

/** Held until the next, so that no compiler finds it unused. */
export const dropped = { litter };

let block: Buffer | undefined;
let blockEnd = 0;
/** Whether the record before was a full one, so that the next one goes on with what its sender wrote. */
let isWithinBurst = false;

type SocketFields = Record<symbol, unknown> & {
  readonly _handle?: { readonly useUserBuffer?: (buffer: Buffer) => void } | null;
};

/**
 * Lets a TLS socket bring its bytes to a function instead of through `'data'` events: a fifth less CPU per small
 * message. `net.Socket` has this as its `onread` option, which node:tls takes for clients but not for a server's
 * sockets, so this sets the undocumented fields behind that option.
 *
 * What comes after `received` returned `false`, from bytes that were read before, is brought all the same.
 *
 * @param received - gets bytes that are its own; returns whether to go on.
 * @returns whether it worked; where it did not, nothing has changed.
 */
export function readWithOnRead(socket: TLSSocket, received: (bytes: Buffer) => boolean): boolean {
  const fields = socket as unknown as SocketFields;
  const handle = fields._handle;
  const { kBuffer, kBufferCb } = isEnabled ? findSymbols() : {};
  if (kBuffer === undefined || kBufferCb === undefined || typeof handle?.useUserBuffer !== 'function')
    return false;
  shared ??= Buffer.allocUnsafeSlow(recordBytes);
  fields[kBuffer] = shared;
  fields[kBufferCb] = (length: number, buffer: Buffer) => received(copyOf(buffer.subarray(0, length)));
  handle.useUserBuffer(shared);
  return true;
}

/**
 * Long records that follow one another on a connection lie side by side, with the rest that ends them, so that a message across them
 * need not be joined.
 */
function copyOf(record: Buffer): Buffer {
  const { length } = record;
  const goesOn = isWithinBurst;
  isWithinBurst = length === recordBytes;
  const needed = isWithinBurst && !goesOn ? burstBytes : length;
  const hasRoom = block !== undefined && blockEnd + needed <= blockBytes;
  if (length < longBytes && !(goesOn && hasRoom)) return Buffer.from(record);
  if (block === undefined || !hasRoom) {
    block = Buffer.allocUnsafeSlow(blockBytes);
    blockEnd = 0;
    dropped.litter = litter.slice();
  }
  const bytes = block.subarray(blockEnd, blockEnd + length);
  blockEnd += length;
  bytes.set(record);
  return bytes;
}

/** `SOCKETSERVER_NODE_HANDLES=0` turns the undocumented way off, here as in the node engine. */
const isEnabled = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

let symbols: Readonly<Record<string, symbol>> | undefined;

/** Finds the keys under which `net.Socket` keeps its `onread` option. */
function findSymbols(): Readonly<Record<string, symbol>> {
  if (symbols !== undefined) return symbols;
  const onread = { buffer: Buffer.alloc(1), callback: () => true };
  const socket = new Socket({ onread });
  symbols = Object.fromEntries(
    Object.getOwnPropertySymbols(socket).map((key) => [key.description ?? '', key]),
  );
  return symbols;
}

import { ProtocolError } from '../errors.ts';

/**
 * The frame of every message, in both directions:
 *
 * ```text
 *  0               3       4                       8
 * +---------------+-------+-----------------------+------------------+
 * | length (u24)  | type  | channel (u32)         | payload          |
 * | of payload    | (u8)  | 0: the connection     | `length` bytes   |
 * +---------------+-------+-----------------------+------------------+
 * ```
 *
 * All numbers are big endian. A receiver that does not know a type skips the message where {@link skippable} is set in
 * it, and ends the connection where it is not.
 */
export interface Frame {
  readonly type: number;
  /** 0 is the connection itself; commands have odd ones, chosen by the client, ascending. */
  readonly channel: number;
  readonly payload: Buffer;
}

export const headerBytes = 8;

/** Bytes that a payload may have: checked before any of them is waited for. */
export const maxPayloadBytes = 65_536;

/** The bit of a type by which its sender says that a receiver may skip it. */
export const skippable = 0x80;

/**
 * What begins a connection, from the client: bytes that no browser, no line protocol and no TLS record can begin with, and
 * that do not survive a transfer as text.
 */
export const preface = Buffer.from('\0rcmd\r\n\x1a', 'latin1');

/** Reads a frame's header. @throws ProtocolError for a payload above {@link maxPayloadBytes}. */
export function readHeader(bytes: Buffer): {
  readonly length: number;
  readonly type: number;
  readonly channel: number;
} {
  const length = bytes.readUIntBE(0, 3);
  if (length > maxPayloadBytes) {
    throw new ProtocolError(
      `a payload may have ${maxPayloadBytes} bytes, the peer announced one of ${length}`,
    );
  }
  return { length, type: bytes[3]!, channel: bytes.readUInt32BE(4) };
}

/** Writes a frame: in two pieces, so that the payload is not copied. */
export function writeFrame(type: number, channel: number, payload: Uint8Array): readonly Uint8Array[] {
  if (payload.length > maxPayloadBytes) {
    throw new RangeError(
      `Cannot write a frame: its payload must have at most ${maxPayloadBytes} bytes, got ${payload.length}`,
    );
  }
  const header = Buffer.allocUnsafe(headerBytes);
  writeHeader(header, { type, channel, length: payload.length });
  return payload.length === 0 ? [header] : [header, payload];
}

/** Writes a frame's header before its payload, for which `frame` has room. */
export function completeFrame(type: number, channel: number, frame: Buffer): readonly Uint8Array[] {
  writeHeader(frame, { type, channel, length: frame.length - headerBytes });
  return [frame];
}

function writeHeader(
  bytes: Buffer,
  { type, channel, length }: { readonly type: number; readonly channel: number; readonly length: number },
): void {
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = type;
  bytes.writeUInt32BE(channel, 4);
}

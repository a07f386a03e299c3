import { FrameError } from '../errors/frame-error.ts';
import { anInteger, type OptionRules } from '../options/check-options.ts';

/** Bytes that a message may have, unless its reader says otherwise. */
export const defaultMaxMessageBytes = 65_536;

/** Options of the codecs whose frames have one form only. */
export interface MessageLimitOptions {
  /** Bytes that a message may have, without what marks its bounds; `Infinity` for any number. Default 65,536. */
  readonly max?: number | undefined;
}

/** The rules of {@link MessageLimitOptions}. */
export const messageLimitRules: OptionRules<MessageLimitOptions> = { max: anInteger(0, Infinity) };

/** The peer's message is longer than its reader allows. @param length - where it is known. */
export function refuseIncoming(limit: number, length?: number): never {
  const found = length === undefined ? 'a longer one' : `one of ${length}`;
  throw new FrameError('too-long', `a message may have ${limit} bytes, the peer sends ${found}`, { limit });
}

/** Gives the bytes of our own message, text as UTF-8. @throws RangeError for one that its reader would refuse. */
export function outgoingBytes(message: Uint8Array | string, limit: number): Uint8Array {
  const payload = typeof message === 'string' ? Buffer.from(message) : message;
  if (payload.length > limit) {
    throw new RangeError(`Cannot encode: message must have at most ${limit} bytes, got ${payload.length}`);
  }
  return payload;
}

import type { Codec } from 'socketserver';
import { ProtocolError } from '../errors.ts';
import {
  type CommandEnd,
  type CommandFailure,
  type CommandStart,
  decodeEnd,
  decodeFailure,
  decodeStart,
} from './command-end.ts';
import { frameAround } from './frame-memory.ts';
import {
  completeFrame,
  type Frame,
  headerBytes,
  maxPayloadBytes,
  readHeader,
  skippable,
  writeFrame,
} from './frame.ts';
import { decodeGoAway, type GoAway } from './go-away.ts';
import { decodeHello, type Hello } from './hello.ts';
import { shortened, writeJSON } from './json-payload.ts';
import { decodeOpen, type OpenRequest } from './open-request.ts';
import { decodeStatus, type ServerStatus, writeStatus } from './status.ts';
import { streamIds, type StreamName, streamOf } from './stream-id.ts';

/** The types of frames. 0x30 RESIZE, 0x31 DETACH and 0x32 RESUME are reserved. */
export const frameTypes = {
  hello: 0x01,
  ping: 0x02,
  pong: 0x03,
  goAway: 0x04,
  status: 0x05,
  statusAnswer: 0x06,
  open: 0x10,
  started: 0x11,
  failed: 0x12,
  exit: 0x13,
  signal: 0x14,
  credit: 0x15,
  stop: 0x16,
  eof: 0x17,
  abandon: 0x18,
  stdin: 0x20,
  stdout: 0x21,
  stderr: 0x22,
} as const;

/** What goes over a connection, about itself or (with `channel`) about one command. */
export type Message =
  | { readonly type: 'hello'; readonly hello: Hello }
  /** `token`: 8 bytes, which the answer repeats. */
  | { readonly type: 'ping' | 'pong'; readonly token: Buffer }
  | { readonly type: 'go-away'; readonly goAway: GoAway }
  | { readonly type: 'status' }
  | { readonly type: 'status-answer'; readonly status: ServerStatus }
  | { readonly type: 'open'; readonly channel: number; readonly request: OpenRequest }
  | { readonly type: 'started'; readonly channel: number; readonly start: CommandStart }
  | { readonly type: 'failed'; readonly channel: number; readonly failure: CommandFailure }
  /** The last message of a channel whose command was started. */
  | { readonly type: 'exit'; readonly channel: number; readonly end: CommandEnd }
  | { readonly type: 'signal'; readonly channel: number; readonly signal: string }
  /** So many bytes more may be sent of a stream. */
  | { readonly type: 'credit'; readonly channel: number; readonly stream: StreamName; readonly bytes: number }
  /** The receiver of a stream wants no more of it. */
  | { readonly type: 'stop'; readonly channel: number; readonly stream: StreamName }
  /** The sender of a stream has sent all of it. */
  | { readonly type: 'eof'; readonly channel: number; readonly stream: StreamName }
  /** The client is done with a command, which is ended. */
  | { readonly type: 'abandon'; readonly channel: number }
  | { readonly type: 'data'; readonly channel: number; readonly stream: StreamName; readonly bytes: Buffer }
  /** Of a type that this code does not know, and need not. */
  | { readonly type: 'skipped'; readonly frameType: number };

/** A message about one command. */
export type ChannelMessage = Extract<Message, { readonly channel: number }>;

const empty = Buffer.alloc(0);

/** Messages on the wire: what `socket.frames()` takes. Its `decode` throws {@link ProtocolError}. */
export const messageCodec: Codec<Message> = {
  maxFrameBytes: headerBytes + maxPayloadBytes,

  decode(bytes) {
    if (bytes.length < headerBytes) return headerBytes;
    const { length, type, channel } = readHeader(bytes);
    const size = headerBytes + length;
    if (bytes.length < size) return size;
    return { message: messageOf({ type, channel, payload: bytes.subarray(headerBytes, size) }), size };
  },

  encode: encodeMessage,
};

/** @throws RangeError for a message that does not fit a frame. */
export function encodeMessage(message: Message): readonly Uint8Array[] {
  switch (message.type) {
    case 'hello':
      return writeFrame(frameTypes.hello, 0, writeJSON(message.hello));
    case 'ping':
    case 'pong':
      return writeFrame(frameTypes[message.type], 0, message.token);
    case 'go-away':
      return writeFrame(
        frameTypes.goAway,
        0,
        writeJSON({ ...message.goAway, message: shortened(message.goAway.message) }),
      );
    case 'status':
      return writeFrame(frameTypes.status, 0, empty);
    case 'status-answer':
      return writeFrame(frameTypes.statusAnswer, 0, writeStatus(message.status));
    case 'open':
      return writeFrame(frameTypes.open, message.channel, writeJSON(message.request));
    case 'started':
      return writeFrame(frameTypes.started, message.channel, writeJSON(message.start));
    case 'failed':
      return writeFrame(
        frameTypes.failed,
        message.channel,
        writeJSON({ ...message.failure, message: shortened(message.failure.message) }),
      );
    case 'exit':
      return writeFrame(frameTypes.exit, message.channel, writeJSON(message.end));
    case 'signal':
      return writeFrame(frameTypes.signal, message.channel, Buffer.from(message.signal, 'latin1'));
    case 'credit':
      return writeFrame(frameTypes.credit, message.channel, writeCredit(message.stream, message.bytes));
    case 'stop':
    case 'eof':
      return writeFrame(frameTypes[message.type], message.channel, Buffer.of(streamIds[message.stream]));
    case 'abandon':
      return writeFrame(frameTypes.abandon, message.channel, empty);
    case 'data': {
      const frame = frameAround(message.bytes);
      return frame === undefined
        ? writeFrame(frameTypes[message.stream], message.channel, message.bytes)
        : completeFrame(frameTypes[message.stream], message.channel, frame);
    }
    case 'skipped':
      return writeFrame(message.frameType | skippable, 0, empty);
    default:
      return message satisfies never;
  }
}

function messageOf({ type, channel, payload }: Frame): Message {
  const isOfConnection = type <= frameTypes.statusAnswer;
  if (isKnown(type) && isOfConnection !== (channel === 0)) {
    throw new ProtocolError(
      `a message of type ${hex(type)} must be about ${isOfConnection ? 'the connection' : 'a channel'}, got channel ${channel}`,
    );
  }
  switch (type) {
    case frameTypes.hello:
      return { type: 'hello', hello: decodeHello(payload) };
    case frameTypes.ping:
    case frameTypes.pong:
      requireLength(type, payload, 8);
      return { type: type === frameTypes.ping ? 'ping' : 'pong', token: payload };
    case frameTypes.goAway:
      return { type: 'go-away', goAway: decodeGoAway(payload) };
    case frameTypes.status:
      requireLength(type, payload, 0);
      return { type: 'status' };
    case frameTypes.statusAnswer:
      return { type: 'status-answer', status: decodeStatus(payload) };
    case frameTypes.open:
      return { type: 'open', channel, request: decodeOpen(payload) };
    case frameTypes.started:
      return { type: 'started', channel, start: decodeStart(payload) };
    case frameTypes.failed:
      return { type: 'failed', channel, failure: decodeFailure(payload) };
    case frameTypes.exit:
      return { type: 'exit', channel, end: decodeEnd(payload) };
    case frameTypes.signal:
      return { type: 'signal', channel, signal: readSignal(payload) };
    case frameTypes.credit:
      requireLength(type, payload, 5);
      return { type: 'credit', channel, stream: readStream(payload), bytes: payload.readUInt32BE(1) };
    case frameTypes.stop:
    case frameTypes.eof:
      requireLength(type, payload, 1);
      return { type: type === frameTypes.stop ? 'stop' : 'eof', channel, stream: readStream(payload) };
    case frameTypes.abandon:
      requireLength(type, payload, 0);
      return { type: 'abandon', channel };
    case frameTypes.stdin:
    case frameTypes.stdout:
    case frameTypes.stderr:
      return { type: 'data', channel, stream: streamOf(type - frameTypes.stdin)!, bytes: payload };
  }
  if ((type & skippable) !== 0) return { type: 'skipped', frameType: type };
  throw new ProtocolError(`there is no message of type ${hex(type)}`);
}

const known = new Set<number>(Object.values(frameTypes));

function isKnown(type: number): boolean {
  return known.has(type);
}

function requireLength(type: number, payload: Buffer, length: number): void {
  if (payload.length === length) return;
  throw new ProtocolError(`a message of type ${hex(type)} must have ${length} bytes, got ${payload.length}`);
}

function readStream(payload: Buffer): StreamName {
  const stream = streamOf(payload[0]!);
  if (stream === undefined) throw new ProtocolError(`there is no stream ${payload[0]}`);
  return stream;
}

function writeCredit(stream: StreamName, bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(5);
  payload[0] = streamIds[stream];
  payload.writeUInt32BE(bytes, 1);
  return payload;
}

/** The signals of POSIX by name, such as `SIGTERM`. */
function readSignal(payload: Buffer): string {
  const name = payload.toString('latin1');
  if (/^SIG[A-Z][A-Z0-9]{1,9}$/.test(name)) return name;
  throw new ProtocolError('a signal must be named as SIGTERM is');
}

function hex(type: number): string {
  return `0x${type.toString(16).padStart(2, '0')}`;
}

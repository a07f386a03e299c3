import type { Message } from '../../src/protocol/message.ts';

/** A message and its bytes, in hexadecimal: header, then payload. JSON payloads stand as text. */
export interface Vector {
  readonly name: string;
  readonly header: string;
  readonly payload: string;
  readonly message: Message;
}

const token = Buffer.from('0000000000000007', 'hex');

/** One of every message; `docs/protocol.md` shows the same. */
export const vectors: readonly Vector[] = [
  {
    name: 'HELLO',
    header: '000042 01 00000000',
    payload: '{"min":1,"max":1,"features":["grease-7a"],"software":"rcmd/0.1.0"}',
    message: { type: 'hello', hello: { min: 1, max: 1, features: ['grease-7a'], software: 'rcmd/0.1.0' } },
  },
  {
    name: 'PING',
    header: '000008 02 00000000',
    payload: '0000000000000007',
    message: { type: 'ping', token },
  },
  {
    name: 'PONG',
    header: '000008 03 00000000',
    payload: '0000000000000007',
    message: { type: 'pong', token },
  },
  {
    name: 'GOAWAY',
    header: '000040 04 00000000',
    payload: '{"code":"BUSY","message":"64 clients are in","retryAfterMs":500}',
    message: { type: 'go-away', goAway: { code: 'BUSY', message: '64 clients are in', retryAfterMs: 500 } },
  },
  { name: 'STATUS', header: '000000 05 00000000', payload: '', message: { type: 'status' } },
  {
    name: 'STATUS_ANSWER',
    header: '000064 06 00000000',
    payload:
      '{"software":"rcmd/0.1.0","pid":812,"uptimeMs":60000,"connections":1,"you":"user 1000","commands":[]}',
    message: {
      type: 'status-answer',
      status: {
        software: 'rcmd/0.1.0',
        pid: 812,
        uptimeMs: 60_000,
        connections: 1,
        you: 'user 1000',
        commands: [],
      },
    },
  },
  {
    name: 'OPEN',
    header: '00004d 10 00000001',
    payload: '{"argv":["ls","-l"],"stdin":false,"credit":{"stdout":262144,"stderr":262144}}',
    message: {
      type: 'open',
      channel: 1,
      request: { argv: ['ls', '-l'], stdin: false, credit: { stdout: 262_144, stderr: 262_144 } },
    },
  },
  {
    name: 'STARTED',
    header: '00002d 11 00000001',
    payload: '{"pid":4711,"commandId":"k3","credit":262144}',
    message: { type: 'started', channel: 1, start: { pid: 4711, commandId: 'k3', credit: 262_144 } },
  },
  {
    name: 'FAILED',
    header: '00003c 12 00000003',
    payload: '{"code":"NOT_FOUND","message":"there is no program \\"lss\\""}',
    message: {
      type: 'failed',
      channel: 3,
      failure: { code: 'NOT_FOUND', message: 'there is no program "lss"' },
    },
  },
  {
    name: 'EXIT',
    header: '000062 13 00000001',
    payload:
      '{"exitCode":0,"durationMs":2.5,"stdoutBytes":6,"stderrBytes":0,"stdinBytes":0,"isTruncated":false}',
    message: {
      type: 'exit',
      channel: 1,
      end: {
        exitCode: 0,
        durationMs: 2.5,
        stdoutBytes: 6,
        stderrBytes: 0,
        stdinBytes: 0,
        isTruncated: false,
      } as Extract<Message, { type: 'exit' }>['end'],
    },
  },
  {
    name: 'SIGNAL',
    header: '000006 14 00000001',
    payload: 'SIGINT',
    message: { type: 'signal', channel: 1, signal: 'SIGINT' },
  },
  {
    name: 'CREDIT',
    header: '000005 15 00000001',
    payload: '0100020000',
    message: { type: 'credit', channel: 1, stream: 'stdout', bytes: 131_072 },
  },
  {
    name: 'STOP',
    header: '000001 16 00000001',
    payload: '02',
    message: { type: 'stop', channel: 1, stream: 'stderr' },
  },
  {
    name: 'EOF',
    header: '000001 17 00000001',
    payload: '00',
    message: { type: 'eof', channel: 1, stream: 'stdin' },
  },
  { name: 'ABANDON', header: '000000 18 00000001', payload: '', message: { type: 'abandon', channel: 1 } },
  {
    name: 'STDIN',
    header: '000003 20 00000001',
    payload: '61620a',
    message: { type: 'data', channel: 1, stream: 'stdin', bytes: Buffer.from('ab\n') },
  },
  {
    name: 'STDOUT',
    header: '000003 21 00000001',
    payload: '61620a',
    message: { type: 'data', channel: 1, stream: 'stdout', bytes: Buffer.from('ab\n') },
  },
  {
    name: 'STDERR',
    header: '000003 22 00000001',
    payload: '61620a',
    message: { type: 'data', channel: 1, stream: 'stderr', bytes: Buffer.from('ab\n') },
  },
];

/** The bytes of a vector. */
export function bytesOf({ header, payload }: Vector): Buffer {
  const isHex = /^([0-9a-f]{2})*$/.test(payload);
  return Buffer.concat([
    Buffer.from(header.replaceAll(' ', ''), 'hex'),
    Buffer.from(payload, isHex ? 'hex' : 'utf8'),
  ]);
}

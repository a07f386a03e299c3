import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import { maxPayloadBytes, preface, writeFrame } from '../../src/protocol/frame.ts';
import type { ServerStatus } from '../../src/protocol/status.ts';
import { encodeMessage, frameTypes, type Message, messageCodec } from '../../src/protocol/message.ts';
import { bytesOf, vectors } from './vectors.ts';

function encoded(message: Message): Buffer {
  return Buffer.concat([...encodeMessage(message)]);
}

/** What is decoded from bytes that arrive cut at the given offsets, and what is left. */
function decodeAll(bytes: Buffer, cuts: readonly number[]): { messages: Message[]; error: unknown } {
  const messages: Message[] = [];
  let held = Buffer.alloc(0);
  let seen = 0;
  const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  let from = 0;
  try {
    for (const end of ends) {
      held = Buffer.concat([held, bytes.subarray(from, end)]);
      from = end;
      while (held.length > 0) {
        const decoded = messageCodec.decode(held, seen);
        if (typeof decoded !== 'object') {
          if (typeof decoded === 'number') assert.ok(decoded > held.length, 'it asks for what it has');
          seen = held.length;
          break;
        }
        messages.push(decoded.message);
        held = held.subarray(decoded.size);
        seen = 0;
      }
    }
    return { messages, error: undefined };
  } catch (error) {
    return { messages, error };
  }
}

/** Objects from JSON have no prototype; for comparing only. */
function plain(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

describe('every message of the protocol', () => {
  for (const vector of vectors) {
    it(`is written as docs/protocol.md says, and read: ${vector.name}`, () => {
      const bytes = bytesOf(vector);
      assert.equal(encoded(vector.message).toString('latin1'), bytes.toString('latin1'));
      assert.deepEqual(plain(decodeAll(bytes, []).messages), plain([vector.message]));
    });
  }

  it('has a vector', () => {
    const types = new Set(vectors.map(({ header }) => Number.parseInt(header.split(' ')[1]!, 16)));
    assert.deepEqual(
      [...types].toSorted((a, b) => a - b),
      Object.values(frameTypes).toSorted((a, b) => a - b),
    );
  });

  it('stands in docs/protocol.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/protocol.md'), 'utf8');
    for (const { name, header, payload } of vectors) {
      assert.ok(page.includes(name) && page.includes(header) && page.includes(payload), name);
    }
    assert.ok(page.includes(preface.toString('hex', 0, 8).replace(/(..)(?=.)/g, '$1 ')), 'the preface');
  });

  it('is the same however its bytes are split', () => {
    const bytes = Buffer.concat(vectors.map((vector) => bytesOf(vector)));
    const whole = plain(decodeAll(bytes, []).messages);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        assert.deepEqual(plain(decodeAll(bytes, cuts).messages), whole);
      }),
    );
    for (let cut = 1; cut < bytes.length; cut += 1)
      assert.deepEqual(plain(decodeAll(bytes, [cut]).messages), whole);
  });
});

describe('what breaks the protocol', () => {
  const open = (text: string): Buffer =>
    Buffer.concat([...writeFrame(frameTypes.open, 1, Buffer.from(text))]);
  const exit = (fields: string): Buffer => {
    const counts = '"durationMs":1,"stdoutBytes":0,"stderrBytes":0,"stdinBytes":0,"isTruncated":false';
    return Buffer.concat([...writeFrame(frameTypes.exit, 1, Buffer.from(`{${fields},${counts}}`))]);
  };
  const status = (command: string): Buffer => {
    const facts = '"software":"s","pid":1,"uptimeMs":1,"connections":1,"you":"me"';
    const payload = Buffer.from(`{${facts},"commands":[${command}]}`);
    return Buffer.concat([...writeFrame(frameTypes.statusAnswer, 0, payload)]);
  };
  const good = '"stdin":false,"credit":{"stdout":1,"stderr":1}';
  const faults: [string, Buffer, RegExp][] = [
    [
      'a payload above 64 KiB',
      Buffer.from('01000121000000010000', 'hex'),
      /at most|may have 65536 bytes.*65537/,
    ],
    ['an announced payload of 16 MiB', Buffer.from('ffffff2100000001', 'hex'), /16777215/],
    ['an unknown type', Buffer.from('0000004000000001', 'hex'), /no message of type 0x40/],
    [
      'a channel message about the connection',
      Buffer.from('0000001800000000', 'hex'),
      /about a channel, got channel 0/,
    ],
    [
      'a connection message about a channel',
      Buffer.from('0000000500000001', 'hex'),
      /about the connection, got channel 1/,
    ],
    ['a ping of 7 bytes', Buffer.from('000007020000000000000000000000', 'hex'), /must have 8 bytes, got 7/],
    ['credit for no stream', Buffer.from('00000515000000010300000001', 'hex'), /no stream 3/],
    ['a signal by number', Buffer.from('000001140000000139', 'hex'), /named as SIGTERM/],
    ['JSON that is none', open('{'), /OPEN must be JSON/],
    ['JSON that is a list', open('[]'), /OPEN must be an object/],
    ['neither argv nor shell', open(`{${good}}`), /either argv or shell/],
    ['both argv and shell', open(`{"argv":["a"],"shell":"b",${good}}`), /either argv or shell/],
    ['no program', open(`{"argv":[],${good}}`), /begin with a program/],
    ['an unknown field', open(`{"argv":["a"],"root":true,${good}}`), /unknown field "root"/],
    [
      'a field of the prototype',
      open(`{"argv":["a"],"__proto__":{"stdin":true},${good}}`),
      /unknown field "__proto__"/,
    ],
    ['a missing field', open('{"argv":["a"],"stdin":false}'), /must have a field "credit"/],
    ['a wrong type', open(`{"argv":"a",${good}}`), /OPEN.argv must be a list/],
    ['NUL in an argument', open(`{"argv":["a\\u0000b"],${good}}`), /text without NUL/],
    [
      'a session without a shell',
      open(`{"argv":["a"],"session":"s",${good}}`),
      /session must come with shell/,
    ],
    [
      'too many variables',
      open(`{"argv":["a"],"env":{${Array.from({ length: 4_097 }, (_, i) => `"a${i}":""`).join()}},${good}}`),
      /at most 4096 names/,
    ],
    [
      'an exit code of no process',
      exit('"exitCode":256'),
      /EXIT.exitCode must be a whole number from 0 to 255/,
    ],
    [
      'a signal that could be anything',
      exit('"signal":"\\u001b[2J"'),
      /EXIT.signal must be a name such as SIGTERM/,
    ],
    [
      'a signal beyond those of real time',
      exit('"signal":"SIGRTMIN+94"'),
      /EXIT.signal must be a name such as SIGTERM/,
    ],
    [
      'an unknown field that a terminal would obey',
      exit('"a\u009b2J":1,"exitCode":0'),
      /EXIT has an unknown field "a\\u\{9b\}2J"/,
    ],
    [
      'an exit code beside a signal',
      exit('"exitCode":0,"signal":"SIGTERM"'),
      /EXIT must have exitCode or signal, not both/,
    ],
    [
      'a command of the status without a number',
      status('{"commandId":"a","pid":"\\u001b[2J","owner":"me","startedAt":1,"argv":["a"]}'),
      /STATUS_ANSWER.commands must be a list, each of it an object whose pid must be a whole number from 0 on/,
    ],
    [
      'a command of the status without words',
      status('{"commandId":"a","pid":1,"owner":"me","startedAt":1,"argv":"a"}'),
      /an object whose argv must be a list/,
    ],
  ];
  for (const [name, bytes, words] of faults) {
    it(`is told by name: ${name}`, () => {
      const { error } = decodeAll(bytes, []);
      assert.ok(error instanceof ProtocolError, String(error));
      assert.equal(error.code, 'PROTOCOL');
      assert.match(error.message, words);
    });
  }

  it('is refused before its bytes are waited for', () => {
    assert.throws(() => messageCodec.decode(Buffer.from('0100012100000001', 'hex'), 0), ProtocolError);
  });

  it('is not a message that says of itself that it may be skipped', () => {
    const { messages } = decodeAll(Buffer.from('000002c000000005abcd', 'hex'), []);
    assert.deepEqual(messages, [{ type: 'skipped', frameType: 0xc0 }]);
  });

  it('is left out of a status that has too many commands, the rest is cut', () => {
    const statusOf = (count: number): ServerStatus => {
      const argv = ['run', 'x'.repeat(200), 'y'.repeat(200)];
      const one = { commandId: 'c'.repeat(36), pid: 9, owner: 'o'.repeat(43), startedAt: 1, argv };
      const commands = Array.from({ length: count }, (_, index) => ({ ...one, pid: index }));
      return { software: 'x', pid: 1, uptimeMs: 1, connections: 1, you: 'y', commands };
    };
    const readBack = (status: ServerStatus): ServerStatus => {
      const [first] = decodeAll(Buffer.concat(encodeMessage({ type: 'status-answer', status })), []).messages;
      assert.ok(first?.type === 'status-answer');
      return first.status;
    };
    assert.equal(readBack(statusOf(10)).commands[9]!.argv[1]!.length, 200);
    const cut = readBack(statusOf(150));
    assert.deepEqual(cut.commands.at(-1)!.argv, ['run', `${'x'.repeat(124)}…`, '(and 1 more)']);
    assert.deepEqual([cut.commands.length, cut.omitted], [150, undefined]);
    const { commands, omitted = 0 } = readBack(statusOf(1_024));
    assert.ok(omitted > 700 && omitted < 1_000, String(omitted));
    assert.equal(commands.at(-1)!.pid + 1 + omitted, 1_024);
  });

  it('is not written either', () => {
    const bytes = Buffer.alloc(maxPayloadBytes + 1);
    assert.throws(() => encodeMessage({ type: 'data', channel: 1, stream: 'stdout', bytes }), RangeError);
  });
});

describe('mutated messages', () => {
  // A million: SOCKETSERVER_FUZZ=1000000 node --test packages/rcmd/test/protocol/message.test.ts
  const runs = Number(process.env['SOCKETSERVER_FUZZ'] ?? 20_000);

  it(`are messages or protocol errors, ${runs} times`, () => {
    const bytes = Buffer.concat(vectors.map((vector) => bytesOf(vector)));
    let state = 0x2545_f491;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state % below;
    };
    let errors = 0;
    for (let run = 0; run < runs; run += 1) {
      const mutated = Buffer.from(bytes.subarray(random(bytes.length)));
      for (let change = random(8); change >= 0; change -= 1) mutated[random(mutated.length)] = random(256);
      const { error } = decodeAll(mutated, []);
      if (error === undefined) continue;
      errors += 1;
      assert.ok(error instanceof ProtocolError);
    }
    assert.ok(errors > runs / 2, `${errors} of ${runs} were refused`);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  frameAround,
  giveFrameMemoryBack,
  shareFrameMemory,
  takeFrameMemory,
} from '../../src/protocol/frame-memory.ts';
import { maxPayloadBytes } from '../../src/protocol/frame.ts';
import { encodeMessage, messageCodec } from '../../src/protocol/message.ts';

describe('memory of frames', () => {
  it('is never handed out while somebody uses it, and serves again once nobody does', () => {
    const first = takeFrameMemory();
    assert.equal(first.length, maxPayloadBytes);
    shareFrameMemory(first.subarray(100));
    const second = takeFrameMemory();
    assert.notEqual(second.buffer, first.buffer);
    giveFrameMemoryBack(first.subarray(0, 100));
    const third = takeFrameMemory();
    assert.notEqual(third.buffer, first.buffer, 'a piece of it is in use');
    giveFrameMemoryBack(first.subarray(100));
    assert.equal(takeFrameMemory().buffer, first.buffer);
  });

  it('refuses to be given back more often than it is used', () => {
    const memory = takeFrameMemory();
    giveFrameMemoryBack(memory);
    assert.throws(() => giveFrameMemoryBack(memory), TypeError);
  });

  it('leaves other memory alone', () => {
    const other = Buffer.from('other');
    shareFrameMemory(other);
    giveFrameMemoryBack(other);
    assert.equal(frameAround(other), undefined);
  });

  it('takes the header in front of the payload, in one piece', () => {
    const bytes = takeFrameMemory().subarray(0, 5);
    bytes.write('hello');
    const pieces = encodeMessage({ type: 'data', channel: 3, stream: 'stdout', bytes });
    assert.equal(pieces.length, 1);
    assert.equal(pieces[0]!.buffer, bytes.buffer);
    const decoded = messageCodec.decode(Buffer.from(pieces[0]!), 0);
    assert.deepEqual((decoded as { message: unknown }).message, {
      type: 'data',
      channel: 3,
      stream: 'stdout',
      bytes: Buffer.from('hello'),
    });
  });

  it('has no room for a header within a payload', () => {
    const memory = takeFrameMemory();
    memory.write('first');
    const rest = memory.subarray(5, 10);
    const pieces = encodeMessage({ type: 'data', channel: 3, stream: 'stdout', bytes: rest });
    assert.equal(pieces.length, 2);
    assert.equal(memory.toString('latin1', 0, 5), 'first');
  });
});

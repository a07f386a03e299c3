import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../src/engine/contract/connection.ts';
import { ReceivedBytes } from '../../src/request/received-bytes.ts';

/** What a test does as the engine, and as who shuts a side down. */
class Received extends ReceivedBytes {
  resumes = 0;

  constructor() {
    super({ resume: () => void (this.resumes += 1) } as unknown as Connection);
  }

  /** @returns whether the engine goes on. */
  arrive(text: string): boolean {
    return this.keep(Buffer.from(text));
  }

  endOfPeer(): void {
    this.peerEnded = true;
    this.watch?.ended();
  }

  endReadsBetweenMessages(): void {
    this.readsEnd = true;
  }
}

describe('bytes that came and were not taken', () => {
  it('stop the engine, since nobody has asked for them', () => {
    const received = new Received();
    assert.equal(received.arrive('abc'), false);
    assert.equal(received.resumes, 0);
  });

  it('are taken as so many, as what is there, or as a line, and only if they are there', () => {
    const received = new Received();
    received.arrive('ab\ncdef');
    assert.equal(received.takeIfThere(8), undefined);
    assert.equal(received.takeIfThere(0), undefined);
    assert.equal(received.takeLineIfThere(2), undefined);
    assert.equal(received.takeLineIfThere(3)?.toString(), 'ab\n');
    assert.equal(received.takeLineIfThere(3), undefined);
    received.skip(1);
    assert.equal(received.takeIfThere(2)?.toString(), 'de');
    assert.equal(received.takeChunkIfThere(100)?.toString(), 'f');
    assert.equal(received.takeChunkIfThere(100), undefined);
  });

  it('are no line while its newline is in another piece', () => {
    const received = new Received();
    const [first, second] = ['a'.repeat(2_000), `${'b'.repeat(2_000)}\n`]; // small ones become one piece
    received.arrive(first);
    received.arrive(second);
    assert.equal(received.takeLineIfThere(10_000), undefined);
    assert.equal(received.take(4_001).toString(), first + second);
  });

  it('are no end yet, where reads end between messages', () => {
    const received = new Received();
    received.arrive('a');
    received.endReadsBetweenMessages();
    assert.equal(received.hasEnded, false);
    received.take(1);
    assert.equal(received.hasEnded, true);
  });

  it('are read ahead for who waits for the end, up to 64 KiB and from there on as they are taken', async () => {
    const received = new Received();
    const ended = received.waitForEnd(undefined);
    assert.equal(received.resumes, 1);
    assert.equal(received.arrive('x'.repeat(65_535)), true);
    assert.equal(received.arrive('xx'), false);
    received.skip(1);
    assert.equal(received.resumes, 1);
    received.skip(1);
    assert.equal(received.resumes, 2);
    received.endOfPeer();
    await ended;
    assert.equal(received.hasEnded, true);
    received.take(1);
    assert.equal(received.resumes, 2);
  });
});

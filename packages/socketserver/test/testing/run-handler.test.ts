import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DatagramRequestHandler, StreamRequestHandler, SystemExit } from '../../src/index.ts';
import { everySplit, runDatagramHandler, runHandler } from '../../src/testing/index.ts';
import { EchoPackets } from './handlers/packets.ts';
import { Lines, Silent } from './handlers/lines.ts';

class Patient extends Lines {
  static override readonly timeout = 30;
}

describe('runHandler', () => {
  it('gives what the handler sent, and how it ended', async () => {
    assert.deepEqual(await runHandler(Lines, 'one\ntwo\n'), {
      output: Buffer.from('ONE\nTWO\nthe end'),
      error: undefined,
      end: 'end',
    });
    const { output, end } = await runHandler(Lines, 'one\nreset\n');
    assert.equal(end, 'reset');
    assert.ok(output.length <= 4);
  });

  it('gives what the handler threw', async () => {
    const { output, error, end } = await runHandler(Lines, 'one\nfail\nmore than it reads\n');
    assert.equal(error?.code, 'AS_ASKED');
    assert.equal(String(output), 'ONE\n');
    assert.equal(end, 'end');
  });

  it('gives what passes handleError by', async () => {
    class Leaving extends StreamRequestHandler {
      override handle(): Promise<void> {
        throw new SystemExit(3);
      }
    }
    assert.ok((await runHandler(Leaving)).error instanceof SystemExit);
  });

  it('delivers every split of the bytes, and any sizes', async () => {
    for (const pieces of everySplit('one\ntwo')) {
      assert.equal(String((await runHandler(Lines, pieces)).output), 'ONE\nTWO\nthe end');
    }
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(sizes, async (chunkBytes) => {
        const { output } = await runHandler(Lines, 'one\ntwo\n', { chunkBytes });
        assert.equal(String(output), 'ONE\nTWO\nthe end');
      }),
      { numRuns: 50 },
    );
  });

  it('delivers each piece by itself, in the sizes that it is told', async () => {
    const seen: string[] = [];
    class Chunks extends StreamRequestHandler {
      override async handle() {
        for await (const bytes of this.request) seen.push(bytes.toString());
      }
    }
    await runHandler(Chunks, ['ab', 'cde', 'f']);
    assert.deepEqual(seen.splice(0), ['ab', 'cde', 'f']);
    await runHandler(Chunks, 'abcdefg', { chunkBytes: [2, 1] });
    assert.deepEqual(seen.splice(0), ['ab', 'c', 'de', 'f', 'g']);
    await runHandler(Chunks, async (client) => {
      await client.send('ab');
      await client.send('cd');
    });
    assert.deepEqual(seen, ['abcd'], 'what is sent in one turn may arrive together');
  });

  it('lets a script talk, and move the time', async () => {
    const { output, error } = await runHandler(Patient, async (client, clock) => {
      assert.equal(await client.ask('one'), 'ONE');
      await clock.advance(29_999);
      assert.equal(await client.ask('two'), 'TWO');
      await clock.advance(30_000);
      assert.equal(await client.waitForEnd(), 'end');
    });
    assert.equal(error?.code, 'SOCKET_TIMEOUT');
    assert.equal(String(output), 'ONE\nTWO\n');
  });

  it('passes on what a script throws, and a script may close its side', async () => {
    await assert.rejects(
      runHandler(Lines, () => assert.fail('as planned')),
      /as planned/,
    );
    const { error, end } = await runHandler(Lines, (client) => client.reset());
    assert.equal(error?.code, 'ECONNRESET');
    assert.equal(end, undefined);
  });

  it('gives the handler its server and its client', async () => {
    class WhoAndWhat extends StreamRequestHandler {
      override async handle() {
        await this.wfile.write(JSON.stringify([this.clientAddress, this.server.workerData]));
      }
    }
    const options = { clientAddress: ['203.0.113.7', 4711], server: { workerData: { a: 1 } } } as const;
    const { output } = await runHandler(WhoAndWhat, '', options);
    assert.deepEqual(JSON.parse(String(output)), [['203.0.113.7', 4711], { a: 1 }]);
  });

  it('says that the handler does not end, and ends it', async () => {
    class Endless extends StreamRequestHandler {
      override async handle() {
        await this.wfile.write('hello');
        await new Promise(() => {});
      }
    }
    await assert.rejects(runHandler(Endless, 'x', { waitMs: 20 }), {
      code: 'WAIT_TIMEOUT',
      // A machine that is busy may not have come to its 5 bytes.
      message: /^Waited 20 ms for Endless to end; it has sent [05] bytes \(only a script moves the time\)$/,
    });
  });

  it('waits for a handler that outlives its connection', async () => {
    let hasEnded = false;
    class Slow extends StreamRequestHandler {
      override async handle() {
        this.request.close();
        await sleep(20);
        hasEnded = true;
      }
    }
    await runHandler(Slow);
    assert.equal(hasEnded, true);
  });

  it('takes a handler that sends more than it is asked, and one that reads nothing', async () => {
    class Loud extends StreamRequestHandler {
      override async handle() {
        await this.wfile.write(Buffer.alloc(1_000_000));
      }
    }
    assert.equal((await runHandler(Loud, Buffer.alloc(1_000_000))).output.length, 1_000_000);
    assert.equal((await runHandler(Silent, Buffer.alloc(1_000_000))).output.length, 0);
  });
});

describe('runDatagramHandler', () => {
  it('gives the replies, and what the handler threw', async () => {
    assert.deepEqual(await runDatagramHandler(EchoPackets, 'hello'), {
      replies: [Buffer.from('hello')],
      error: undefined,
    });
    const { replies, error } = await runDatagramHandler(EchoPackets, 'fail');
    assert.deepEqual(replies.map(String), ['fail']);
    assert.equal(error?.message, 'as asked');
  });

  it('cuts a datagram that is too long, and names its client', async () => {
    class Facts extends EchoPackets {
      override handle() {
        this.wfile.write(JSON.stringify([this.clientAddress, this.isTruncated]));
      }
    }
    const { replies } = await runDatagramHandler(Facts, 'hello', {
      clientAddress: ['203.0.113.7', 4711],
      server: { maxPacketSize: 4 },
    });
    assert.deepEqual(JSON.parse(String(replies[0])), [['203.0.113.7', 4711], true]);
  });

  it('says that the handler does not end', async () => {
    class Endless extends DatagramRequestHandler {
      override handle(): Promise<void> {
        return new Promise(() => {});
      }
    }
    await assert.rejects(runDatagramHandler(Endless, 'x', { waitMs: 20 }), {
      message: 'Waited 20 ms for Endless to end',
    });
  });
});

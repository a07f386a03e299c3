import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { StreamSocket } from 'socketserver';
import { ProtocolError } from '../../src/errors.ts';
import type { ServerChannel } from '../../src/link/server-channel.ts';
import { RemoteCommand } from '../../src/link/remote-command.ts';
import { NotStartedError } from '../../src/link/client-channel.ts';
import { firstWindowBytes } from '../../src/link/incoming-stream.ts';
import type { CommandEnd } from '../../src/protocol/command-end.ts';
import { encodeMessage, type Message } from '../../src/protocol/message.ts';
import { type Linked, linkPair, rawPeer } from '../support/links.ts';

const end: CommandEnd = {
  exitCode: 0,
  signal: undefined,
  killedBy: undefined,
  durationMs: 1,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdinBytes: 0,
  isTruncated: false,
};

const silent = { signal: () => {}, abandoned: () => {} };

/** Serves each command by `serve`. */
function serving(serve: (channel: ServerChannel) => Promise<void> | void): Promise<Linked> {
  return linkPair({ opened: (channel) => void serve(channel) });
}

async function readAll(stream: { read(): Promise<Buffer | undefined> }): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) pieces.push(bytes);
  return Buffer.concat(pieces);
}

describe('a command over a link', () => {
  it('has its streams, its input and its end', async () => {
    await using linked = await serving(async (channel) => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      const input = await readAll(channel.stdin);
      await channel.stdout.write(Buffer.concat([Buffer.from('out '), input]));
      await channel.stderr.write(Buffer.from('err'));
      channel.stdout.end();
      channel.stderr.end();
      channel.ended({ ...end, exitCode: 3 });
    });
    const channel = linked.client.newChannel();
    channel.open({ argv: ['cat'], stdin: true });
    assert.equal((await channel.started).pid, 7);
    assert.equal(await channel.stdin.write(Buffer.from('in')), true);
    channel.stdin.end();
    assert.equal((await readAll(channel.stdout)).toString(), 'out in');
    assert.equal((await readAll(channel.stderr)).toString(), 'err');
    assert.equal((await channel.ended).exitCode, 3);
    assert.deepEqual([linked.client.openChannels, linked.server.openChannels], [0, 0]);
  });

  it('is told why it was not started', async () => {
    await using linked = await serving((channel) =>
      channel.failed({ code: 'NOT_FOUND', message: 'no such program' }),
    );
    const channel = linked.client.newChannel();
    channel.open({ argv: ['x'], stdin: false });
    await assert.rejects(
      channel.ended,
      (error) => error instanceof NotStartedError && error.failure.code === 'NOT_FOUND',
    );
    assert.deepEqual([linked.client.openChannels, linked.server.openChannels], [0, 0]);
  });

  it('takes nothing with it that runs, where it was not started and was to have input', async () => {
    await using linked = await serving((channel) => {
      if (channel.request.argv![0] === 'x') channel.failed({ code: 'NOT_FOUND', message: 'no such program' });
      else channel.started({ pid: 7, commandId: 'a' }, silent);
    });
    const [failing, running] = [linked.client.newChannel(), linked.client.newChannel()];
    failing.open({ argv: ['x'], stdin: true });
    running.open({ argv: ['y'], stdin: true });
    await assert.rejects(failing.ended, NotStartedError);
    await running.started;
    await linked.client.ping();
    assert.equal(linked.client.failure, undefined);
  });

  it('may be told with a sentence of any length why it was not started', async () => {
    const message = '\u0001'.repeat(100_000);
    await using linked = await serving((channel) => channel.failed({ code: 'NOT_FOUND', message }));
    const channel = linked.client.newChannel();
    channel.open({ argv: ['x'], stdin: false });
    await assert.rejects(channel.ended, (error) => {
      return error instanceof NotStartedError && error.failure.message === `${message.slice(0, 8_191)}…`;
    });
  });

  it('ends though nobody reads what it wrote', async () => {
    await using linked = await serving(async (channel) => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      await channel.stderr.write(Buffer.alloc(200_000));
      channel.stderr.end();
      channel.stdout.end();
      channel.ended(end);
    });
    const channel = linked.client.newChannel();
    channel.open({ argv: ['x'], stdin: false });
    await channel.ended;
    assert.equal((await readAll(channel.stderr)).length, 200_000);
  });

  it('gets signals, and learns that it was abandoned', async () => {
    const seen: string[] = [];
    await using linked = await serving((channel) =>
      channel.started(
        { pid: 7, commandId: 'a' },
        {
          signal: (name) => seen.push(name),
          abandoned: (reason) => {
            seen.push(reason);
            channel.ended({ ...end, killedBy: reason });
          },
        },
      ),
    );
    const channel = linked.client.newChannel();
    channel.open({ argv: ['x'], stdin: false });
    channel.signal('SIGINT');
    channel.abandon();
    assert.equal((await channel.ended).killedBy, 'client-signal');
    assert.deepEqual(seen, ['SIGINT', 'client-signal']);
  });

  it('is ended where its input fails, and gets a signal that came before it ran', async () => {
    const seen: string[] = [];
    await using linked = await serving(async (channel) => {
      await nextTurn(); // a command takes its time to start
      channel.started(
        { pid: 7, commandId: 'a' },
        {
          signal: (name) => seen.push(name),
          abandoned: (reason) => channel.ended({ ...end, killedBy: reason }),
        },
      );
    });
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('half'));
      throw new Error('the disk is gone');
    };
    const output = () => Promise.resolve(true);
    const command = new RemoteCommand(linked.client, { argv: ['x'] }, { output, input: failing() });
    command.signal('SIGINT');
    await assert.rejects(command.ended, { code: 'INPUT', message: /cannot be read: the disk is gone/ });
    assert.deepEqual(seen, ['SIGINT']);
    assert.equal(linked.client.failure, undefined);
  });

  it('stops a stream that its client has enough of', async () => {
    await using linked = await serving(async (channel) => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      while (await channel.stdout.write(Buffer.alloc(10_000)));
      channel.ended(end);
    });
    const channel = linked.client.newChannel();
    channel.open({ argv: ['yes'], stdin: false });
    await channel.stdout.read();
    channel.stdout.stop();
    await channel.ended;
  });
});

describe('the flow of a link', () => {
  it('sends no more of a stream than its reader allowed, and holds nothing else up', async () => {
    let sent = 0;
    await using linked = await serving(async (channel) => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      if (channel.request.argv![0] === 'quick') {
        await channel.stdout.write(Buffer.from('quick'));
        channel.stdout.end();
        channel.ended(end);
        return;
      }
      for (let room = await channel.stdout.room(); room > 0; room = await channel.stdout.room()) {
        await channel.stdout.send(Buffer.alloc(room));
        sent += room;
      }
    });
    const slow = linked.client.newChannel();
    slow.open({ argv: ['slow'], stdin: false });
    const runQuick = async (): Promise<void> => {
      const channel = linked.client.newChannel();
      channel.open({ argv: ['quick'], stdin: false });
      assert.equal((await readAll(channel.stdout)).toString(), 'quick');
      await channel.ended;
    };
    for (let count = 0; count < 20; count += 1) await runQuick();
    assert.equal(sent, firstWindowBytes);
    await slow.stdout.read();
    await slow.stdout.read();
    await slow.stdout.read();
    await linked.client.ping();
    await linked.client.ping();
    assert.ok(sent > firstWindowBytes);
    await runQuick();
  });

  it('carries small pieces as they were, though the next is brought in the same memory while they wait', async () => {
    const bytes = 32 * 1_048_576;
    const memory = Buffer.alloc(4_000);
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    let pieces = 0;
    const pour = async (channel: ServerChannel): Promise<void> => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      while ((pieces + 1) * memory.length <= bytes) {
        sent.update(memory.fill(pieces));
        pieces += 1;
        await channel.stdout.write(memory);
      }
      raw.server.close({ code: 'DRAINING', message: 'that was all' });
    };
    await using raw = await rawPeer({ opened: (channel) => void pour(channel) });
    const credit: Message = { type: 'credit', channel: 1, stream: 'stdout', bytes };
    for (const message of [hello(), open(1), credit])
      await raw.socket.sendall(Buffer.concat([...encodeMessage(message)]));
    await untilStill(() => pieces);
    for (const message of await raw.messages()) if (message.type === 'data') received.update(message.bytes);
    assert.equal(pieces, Math.floor(bytes / memory.length));
    assert.equal(received.digest('hex'), sent.digest('hex'));
  });

  it('carries much in both directions at once over many channels, unchanged', async () => {
    await using linked = await serving(async (channel) => {
      channel.started({ pid: 7, commandId: 'a' }, silent);
      for (let bytes = await channel.stdin.read(); bytes !== undefined; bytes = await channel.stdin.read()) {
        await channel.stdout.write(bytes);
      }
      channel.stdout.end();
      channel.ended(end);
    });
    const exchange = async (): Promise<void> => {
      const channel = linked.client.newChannel();
      channel.open({ argv: ['cat'], stdin: true });
      await channel.started;
      const sent = createHash('sha256');
      const writing = (async () => {
        for (let count = 0; count < 40; count += 1) {
          const bytes = randomBytes(1 + ((count * 7_919) % 200_000));
          sent.update(bytes);
          await channel.stdin.write(bytes);
        }
        channel.stdin.end();
      })();
      const received = createHash('sha256');
      for (
        let bytes = await channel.stdout.read();
        bytes !== undefined;
        bytes = await channel.stdout.read()
      ) {
        received.update(bytes);
      }
      await writing;
      assert.equal(received.digest('hex'), sent.digest('hex'));
    };
    await Promise.all(Array.from({ length: 10 }, exchange));
  });
});

describe('a peer that breaks the protocol', () => {
  const breaches: [string, Message[], RegExp][] = [
    ['an even channel', [{ type: 'abandon', channel: 2 }], /channel 2 was never opened/],
    ['a number used again', [open(3), open(3)], /odd numbers above 3, got 3/],
    ['an even number', [open(4)], /odd numbers above 0, got 4/],
    [
      'output from a client',
      [open(1), { type: 'data', channel: 1, stream: 'stdout', bytes: Buffer.from('x') }],
      /must not send stdout/,
    ],
    [
      'a command that starts',
      [open(1), { type: 'started', channel: 1, start: { pid: 1, commandId: '', credit: 0 } }],
      /must not send started/,
    ],
    [
      'input above its credit',
      [
        open(1),
        ...Array.from({ length: 5 }, (): Message => ({
          type: 'data',
          channel: 1,
          stream: 'stdin',
          bytes: Buffer.alloc(65_536),
        })),
      ],
      /65536 bytes of stdin came where 0 were allowed/,
    ],
    [
      'input after its end',
      [
        open(1),
        { type: 'eof', channel: 1, stream: 'stdin' },
        { type: 'data', channel: 1, stream: 'stdin', bytes: Buffer.from('x') },
      ],
      /went on after its end/,
    ],
    ['a second HELLO', [hello()], /must not send hello/],
    [
      'boundless credit',
      [open(1), { type: 'credit', channel: 1, stream: 'stdout', bytes: 0xffff_ffff }],
      /of credit/,
    ],
  ];
  for (const [name, messages, words] of breaches) {
    it(`is told what was wrong, and sent away: ${name}`, async () => {
      const abandoned: string[] = [];
      await using raw = await rawPeer({
        opened: (channel) =>
          channel.started(
            { pid: 7, commandId: 'a' },
            { signal: () => {}, abandoned: (reason) => abandoned.push(reason) },
          ),
      });
      for (const message of [hello(), ...messages])
        await raw.socket.sendall(Buffer.concat([...encodeMessage(message)]));
      const goAway = (await raw.messages()).at(-1);
      assert.ok(goAway?.type === 'go-away');
      assert.equal(goAway.goAway.code, 'PROTOCOL');
      assert.match(goAway.goAway.message, words);
      assert.ok((await raw.ended) instanceof ProtocolError);
    });
  }

  it('is sent away when it does not begin as a client does', async () => {
    await using raw = await rawPeer({}, { preface: Buffer.from('GET / HT') });
    await assert.rejects(raw.ended, /does not begin as a client/);
  });

  it('is sent away when it speaks other versions only', async () => {
    await using raw = await rawPeer({});
    const message: Message = { type: 'hello', hello: { min: 7, max: 9, features: [], software: 'later' } };
    await raw.socket.sendall(Buffer.concat([...encodeMessage(message)]));
    await assert.rejects(raw.ended, /speaks versions 7 to 9 of the protocol, we speak 1 to 1/);
  });
});

describe('a client that asks and does not listen', () => {
  it('is not read any further', async () => {
    await using raw = await rawPeer({});
    await raw.socket.sendall(Buffer.concat([...encodeMessage(hello())]));
    const flood = floodOf(raw.socket, {
      message: { type: 'ping', token: Buffer.alloc(8) },
      times: 4_194_304,
    });
    await untilStill(() => flood.sent);
    assert.ok(flood.sent < 4_194_304, `${flood.sent} were taken`);
  });

  it('has one long answer made for it, not one for each question', async () => {
    let made = 0;
    await using raw = await rawPeer({ status: () => Promise.resolve(((made += 1), someStatus)) });
    await raw.socket.sendall(Buffer.concat([...encodeMessage(hello())]));
    const flood = floodOf(raw.socket, { message: { type: 'status' }, times: 131_072 });
    await untilStill(() => flood.sent + made);
    assert.ok(made < 65_536, `${made} answers wait`);
  });

  it('gets each answer once it listens', async () => {
    await using linked = await linkPair({ status: () => Promise.resolve(someStatus) });
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => linked.client.status()));
    assert.equal(answers.length, 1_000);
    await Promise.all(Array.from({ length: 10_000 }, () => linked.client.ping()));
  });

  it('is told where the status cannot be', async () => {
    await using linked = await linkPair({ status: () => Promise.reject(new Error('it is gone')) });
    await assert.rejects(linked.client.status(), /the server cannot tell its status: it is gone/);
  });
});

describe('a silent peer', () => {
  it('is asked for a sign of life, and taken for gone after three', async () => {
    await using raw = await rawPeer({}, { keepAlive: { intervalMs: 20 } });
    await raw.socket.sendall(Buffer.concat([...encodeMessage(hello())]));
    const messages = await raw.messages();
    assert.deepEqual(
      messages.map(({ type }) => type),
      ['hello', 'ping', 'ping', 'ping', 'go-away'],
    );
    const last = messages.at(-1)!;
    assert.ok(last.type === 'go-away' && last.goAway.code === 'IDLE');
  });

  it('is also one that brings a message so slowly that it never ends', async () => {
    await using raw = await rawPeer({}, { keepAlive: { intervalMs: 20 } });
    await raw.socket.sendall(Buffer.concat([...encodeMessage(hello())]));
    await raw.socket.sendall(Buffer.from('01000010', 'hex')); // the header of one of 64 KiB
    const drip = async (): Promise<void> => {
      for (let count = 0; count < 60_000; count += 1) {
        await raw.socket.sendall(Buffer.of(0));
        await delay(1);
      }
    };
    drip().catch(() => {}); // it is cut off
    const last = (await raw.messages()).at(-1);
    assert.ok(last?.type === 'go-away' && last.goAway.code === 'IDLE');
  });

  it('is not one that only answers', async () => {
    await using linked = await linkPair({ opened: () => {} }, { intervalMs: 5 });
    await delay(100);
    assert.equal(linked.client.failure, undefined);
    await linked.client.ping();
  });
});

const someStatus = {
  software: 'x',
  pid: 1,
  uptimeMs: 1,
  connections: 1,
  you: 'x'.repeat(10_000),
  commands: [],
};

/** Sends a message again and again, as fast as it is taken. */
function floodOf(
  socket: StreamSocket,
  { message, times }: { readonly message: Message; readonly times: number },
): { readonly sent: number } {
  const at = { sent: 0 };
  const piece = Buffer.concat(
    Array.from({ length: 4_096 }, () => Buffer.concat([...encodeMessage(message)])),
  );
  const send = async (): Promise<void> => {
    for (; at.sent < times; at.sent += 4_096) await socket.sendall(piece);
  };
  send().catch(() => {}); // the connection ends before it does
  return at;
}

/** Waits until nothing has changed for many turns of the event loop, on which both ends are. */
async function untilStill(value: () => number): Promise<void> {
  for (let still = 0, before = -1; still < 2_000; still += 1) {
    if (value() !== before) still = 0;
    before = value();
    await nextTurn();
  }
}

function hello(): Message {
  return { type: 'hello', hello: { min: 1, max: 1, features: ['grease-1f'], software: 'test' } };
}

function open(channel: number): Message {
  return { type: 'open', channel, request: { argv: ['x'], stdin: true, credit: { stdout: 0, stderr: 0 } } };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamSocket } from 'socketserver';
import { connectTo } from './classic-exchange.ts';
import { RunningProgram } from './running-program.ts';

describe('the chat example', () => {
  it('tells what a member writes to all others, and who joins and leaves', async () => {
    await using chat = await startChat();
    await using ada = await chat.join('Ada');
    assert.equal(await line(ada), '* here are: Ada\n');
    const bob = await chat.join('Bob');
    assert.equal(await line(bob), '* here are: Ada, Bob\n');
    assert.equal(await line(ada), '* Bob has joined\n');
    await bob.sendall('hello\n');
    assert.equal(await line(ada), 'Bob: hello\n');
    await ada.sendall('hello, Bob\n');
    assert.equal(await line(bob), 'Ada: hello, Bob\n', 'and not what he wrote himself');
    bob.close();
    assert.equal(await line(ada), '* Bob has left\n');
    await using again = await chat.join('Bob');
    assert.equal(await line(again), '* here are: Ada, Bob\n');
  });

  it('tells that a member has left whose connection was reset', async () => {
    await using chat = await startChat();
    await using ada = await chat.join('Ada');
    assert.equal(await line(ada), '* here are: Ada\n');
    const bob = await chat.join('Bob');
    assert.equal(await line(ada), '* Bob has joined\n');
    bob.reset();
    assert.equal(await line(ada), '* Bob has left\n');
  });

  it('lets nobody take a name that is taken, or none', async () => {
    await using chat = await startChat();
    await using ada = await chat.join('Ada');
    assert.equal(await line(ada), '* here are: Ada\n');
    for (const name of ['Ada', ' ']) {
      await using other = await chat.join(name);
      assert.match(await line(other), /^\* '.*' is no name, or taken\n$/);
      assert.equal((await other.recv(1)).length, 0);
    }
    await using bob = await chat.join('Bob');
    assert.equal(await line(bob), '* here are: Ada, Bob\n');
  });

  it('leaves out control characters, which could move the cursors of others', async () => {
    await using chat = await startChat();
    await using ada = await chat.join('Ada\u001B[2J');
    assert.equal(await line(ada), '* here are: Ada[2J\n');
  });

  it('lets a member that does not read miss lines, and nobody else', async () => {
    await using chat = await startChat();
    await using slow = await chat.join('Slow');
    assert.equal(await line(slow), '* here are: Slow\n');
    await using reader = await chat.join('Reader');
    assert.equal(await line(reader), '* here are: Slow, Reader\n');
    await using writer = await chat.join('Writer');
    assert.equal(await line(reader), '* Writer has joined\n');

    // Far more than the kernel's buffers hold; in pieces that fit into an outbox, as the reader shows that it follows.
    const text = 'x'.repeat(1_000);
    for (let piece = 0; piece < 200; piece += 1) {
      await writer.sendall(`${text}\n`.repeat(100));
      for (let count = 0; count < 100; count += 1) assert.equal(await line(reader), `Writer: ${text}\n`);
    }
    const lines = { received: 0, missed: 0 };
    while (lines.received + lines.missed < 20_000 + 2) {
      const [, missed] = /^\* you read too slowly and missed (\d+) lines\n$/.exec(await line(slow)) ?? [];
      if (missed === undefined) lines.received += 1;
      else lines.missed += Number(missed);
    }
    assert.equal(lines.received + lines.missed, 20_000 + 2, 'two have joined since');
    assert.ok(lines.missed > 0);
  });
});

async function startChat() {
  const program = RunningProgram.example('chat.ts', ['127.0.0.1', 0]);
  const [, port] = await program.stdout.waitFor(/chat server on 127\.0\.0\.1:(\d+)\n/);
  return {
    /** Gives a name, and leaves the answer unread. */
    join: async (name: string): Promise<StreamSocket> => {
      const socket = await connectTo(Number(port));
      assert.equal(await line(socket), '* who are you?\n');
      await socket.sendall(`${name}\n`);
      return socket;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function line(socket: StreamSocket): Promise<string> {
  return (await socket.readline()).toString();
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionLostError } from '../../src/link/connection-lost-error.ts';
import { ServerDrainingError } from 'socketserver';
import type { ServerChannel } from '../../src/link/server-channel.ts';
import { encodeMessage, type Message } from '../../src/protocol/message.ts';
import { until } from '../../../socketserver/test/support/until.ts';
import { linkPair, rawPeer } from '../support/links.ts';

const hello: Message = {
  type: 'hello',
  hello: { min: 1, max: 1, features: [], software: 'test' },
};
const open: Message = {
  type: 'open',
  channel: 1,
  request: { argv: ['x'], stdin: false, credit: { stdout: 1, stderr: 1 } },
};
const abandon: Message = { type: 'abandon', channel: 1 };

/** Commands that run until somebody ends them, and why they are to end. */
function endless(): { readonly opened: (channel: ServerChannel) => void; readonly reasons: string[] } {
  const reasons: string[] = [];
  return {
    reasons,
    opened: (channel) =>
      channel.started(
        { pid: 7, commandId: 'a' },
        { signal: () => {}, abandoned: (reason) => reasons.push(reason) },
      ),
  };
}

describe('the end of a connection, for its server', () => {
  const ends: readonly [string, readonly Message[], RegExp, readonly string[]][] = [
    ['is no loss where nothing runs', [], /has ended: the client closed it$/, []],
    [
      'is none where all was abandoned',
      [open, abandon],
      /has ended: the client closed it$/,
      ['client-signal'],
    ],
    ['is one where a command is open', [open], /was lost: the peer closed it$/, ['client-gone']],
  ];
  for (const [name, messages, words, why] of ends) {
    it(name, async () => {
      const { opened, reasons } = endless();
      await using raw = await rawPeer({ opened });
      await raw.socket.sendall(Buffer.concat([hello, ...messages].flatMap((one) => encodeMessage(one))));
      raw.socket.shutdown('write');
      const end = await raw.ended;
      assert.match(end.message, words);
      assert.equal(end instanceof ConnectionLostError && end.isMeant, !words.source.includes('lost'));
      assert.deepEqual(reasons, why);
    });
  }

  it('is a loss where the connection is cut off, also at rest', async () => {
    await using raw = await rawPeer({});
    await raw.socket.sendall(Buffer.concat([...encodeMessage(hello)]));
    await raw.socket.readExactly(8); // it has been let in
    raw.socket.reset();
    assert.match((await raw.ended).message, /was lost: .*ECONNRESET/);
  });

  it('is none where our client closes it with commands that run, which it abandons', async () => {
    const { opened, reasons } = endless();
    await using linked = await linkPair({ opened });
    const running = [linked.client.newChannel(), linked.client.newChannel()];
    linked.client.newChannel(); // never opened: nothing to abandon
    for (const channel of running) channel.open({ argv: ['x'], stdin: true });
    await Promise.all(running.map(({ started }) => started));
    linked.client.close();
    for (const channel of running) {
      await assert.rejects(channel.ended, {
        code: 'CONNECTION_LOST',
        message: 'The connection has ended: it was closed on this side',
      });
    }
    assert.equal((await linked.ended).message, 'The connection has ended: the client closed it');
    assert.deepEqual(reasons, ['client-signal', 'client-signal']);
  });

  it('is no end of the client’s where the server waits for nobody, or hears nothing, though all was abandoned', async () => {
    const { opened, reasons } = endless();
    const bytes = Buffer.concat([hello, open, abandon].flatMap((one) => encodeMessage(one)));
    await using forced = await rawPeer({ opened });
    await forced.socket.sendall(bytes);
    await until(() => reasons.length === 1);
    const reason = new ServerDrainingError(0, { isForced: true });
    forced.served.reset(reason);
    assert.equal((await forced.ended).cause, reason);
    await using silent = await rawPeer({ opened }, { keepAlive: { intervalMs: 1, attempts: 1 } });
    await silent.socket.sendall(bytes);
    assert.match((await silent.ended).message, /^The connection was lost: nothing was heard/);
  });

  it('is none where the server meant it, but for a client that is not heard of', async () => {
    await using linked = await linkPair({});
    linked.server.close({ code: 'DRAINING', message: 'the server is stopping' });
    assert.equal((await linked.ended).message, 'The connection has ended: the server is stopping');
    await using silent = await rawPeer({}, { keepAlive: { intervalMs: 1, attempts: 1 } });
    await silent.socket.sendall(Buffer.concat([...encodeMessage(hello)]));
    assert.match((await silent.ended).message, /^The connection was lost: nothing was heard/);
  });
});

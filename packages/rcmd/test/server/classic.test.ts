import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { RcmdServerOptions } from '../../src/index.ts';
import { until } from '../../../socketserver/test/support/until.ts';
import { untilGone } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { portModels } from '../support/port-models.ts';
import { run } from '../support/programs.ts';
import { startRefused, startServer } from '../support/servers.ts';

/** The client of the exercise, as it is written in Python: one command an argument. */
const client = `
import socket, sys
host, port, *commands = sys.argv[1:]
s = socket.create_connection((host, int(port)))
for command in commands:
    s.sendall(command.encode())
    size = int(s.recv(1024).decode())
    s.sendall(b'receive ok')
    data = b''
    while len(data) < size:
        data += s.recv(4096)
    print(repr(data[:60]), len(data))
s.close()
`;

function startClassic(options: RcmdServerOptions = {}) {
  return startServer({
    listen: [],
    classic: { insecure: true, listen: '127.0.0.1:0' },
    ...options,
  });
}

describe('the classic exchange', () => {
  for (const model of portModels) {
    it(`serves a client in Python, ${model}`, needs('python3'), async () => {
      await using started = await startClassic({ model });
      const [address = ''] = started.server.addresses;
      const commands = ['echo hi', 'true', 'head -c 200000 /dev/zero', 'echo gone >&2', 'no-such-program'];
      const output = await run('python3', ['-c', client, ...address.split(':'), ...commands]);
      const noResults = "b'command exec success, but do not have results' 45";
      assert.deepEqual(
        output
          .trim()
          .split('\n')
          .map((text) => text.replace(/(\\x00)+/, '0')),
        ["b'hi\\n' 3", noResults, "b'0' 200000", noResults, noResults],
      );
      const ended = () => started.events.filter(({ type }) => type === 'command-ended').length;
      await until(() => ended() >= 5); // a worker tells of it after the client has its answer
      assert.equal(ended(), 5);
      assert.deepEqual(
        started.events.find(({ type }) => type === 'listening'),
        { type: 'listening', address, isInsecure: true },
      );
    });
  }

  it('has limits, decisions, and ends a command whose client leaves', async () => {
    await using started = await startClassic({
      policy: (operation) =>
        operation.kind === 'shell' && operation.request.shell?.includes('secret') === true
          ? { verdict: 'deny', reason: 'not that' }
          : undefined,
    });
    const [host, port] = started.server.addresses[0]!.split(':');
    const socket = connect(Number(port), host);
    socket.write('cat secret');
    const [length] = (await once(socket, 'data')) as [Buffer];
    socket.write('receive ok');
    const [said] = (await once(socket, 'data')) as [Buffer];
    assert.deepEqual(
      [said.toString(), String(said.length)],
      ['rcmd: nothing was run: not that\n', length.toString()],
    );
    socket.write('sleep 60');
    const { pid } = await started.event('command-started');
    socket.destroy();
    await untilGone(pid);
    assert.equal((await started.event('command-ended')).end.killedBy, 'client-gone');
  });

  it('answers a browser’s request without running any of it', async () => {
    await using started = await startClassic();
    const [host, port] = started.server.addresses[0]!.split(':');
    const socket = connect(Number(port), host).setEncoding('latin1');
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\n\r\nid\n');
    assert.match(((await once(socket, 'data')) as [string])[0], /^HTTP\/1\.1 400 /);
    await once(socket.resume(), 'close');
    assert.equal((await started.event('connection-refused')).reason, 'it speaks HTTP');
    assert.equal(
      started.events.some(({ type }) => type === 'command-started'),
      false,
    );
  });

  for (const model of portModels) {
    it(`runs nothing of a browser’s request that comes in pieces, ${model}`, async () => {
      await using started = await startClassic({ model });
      const [host, port] = started.server.addresses[0]!.split(':');
      const request = 'POST / HTTP/1.1\r\nHost: evil.example\r\n\r\nid\n';
      const splits = [1, 2, 4, 5, 20, 36];
      for (const at of splits) {
        const socket = connect(Number(port), host).setEncoding('latin1').setNoDelay();
        socket.write(request.slice(0, at));
        socket.on('error', () => {}); // what comes after the answer is not read
        const answered = once(socket, 'data') as Promise<[string]>;
        // Whatever the server makes of the first piece, it has made by the time of its answer.
        await (at < 5 ? answered : undefined);
        socket.write(request.slice(at));
        assert.match((await answered)[0], /^HTTP\/1\.1 400 /);
        socket.destroy();
      }
      for (const reason of await started.refusals(splits.length)) assert.equal(reason, 'it speaks HTTP');
      assert.equal(
        started.events.some(({ type }) => type === 'command-started'),
        false,
      );
    });
  }

  it('must be asked for in so many words', async () => {
    const classic = { insecure: false as unknown as true, listen: '127.0.0.1:0' };
    await assert.rejects(startRefused({ classic }), /options\.classic\.insecure must be true/);
  });
});

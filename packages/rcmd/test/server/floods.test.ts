import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from 'socketserver';
import { NotStartedError } from '../../src/link/client-channel.ts';
import { preface } from '../../src/protocol/frame.ts';
import { encodeMessage, type Message, messageCodec } from '../../src/protocol/message.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { untilGone } from '../support/commands.ts';
import { portModels } from '../support/port-models.ts';
import { runOverTLS, startServer, type TestServer } from '../support/servers.ts';

const most = 4;
const opens = 10_000;

/** Another client than those on the Unix socket. @returns how its command ended. */
async function guestRuns({ server, paths }: TestServer): Promise<string | undefined> {
  const guest = await loadIdentity(join(paths.state, 'guest'));
  const messages = await runOverTLS(server.addresses[1]!, guest, { argv: ['true'] });
  return messages.at(-1)?.type;
}

for (const model of portModels) {
  describe(`a ${model} server`, () => {
    const start = (): Promise<TestServer> =>
      startServer({
        model,
        listen: (socket) => [`unix:${socket}`, '127.0.0.1:0'],
        limits: { maxCommandsPerClient: most, opensPerSecond: Infinity },
        authorize: () => true,
      });

    it(`runs what is allowed of ${opens} commands at once, says BUSY to the others, and serves other clients`, async () => {
      await using started = await start();
      await using client = await started.client();
      const openings = Array.from({ length: opens }, () => {
        const channel = client.link.newChannel();
        channel.open({ argv: ['sleep', '1000'], stdin: false });
        return channel.started;
      });
      assert.equal(await guestRuns(started), 'exit');
      const answers = await Promise.allSettled(openings);
      const refused = answers.filter(
        ({ status, ...answer }) =>
          status === 'rejected' &&
          (answer as PromiseRejectedResult).reason instanceof NotStartedError &&
          (answer as { reason: NotStartedError }).reason.failure.code === 'BUSY',
      );
      assert.equal(refused.length, opens - most);
      const { commands } = await client.link.status();
      assert.equal(commands.length, most);
      assert.equal(client.link.openChannels, most);
      assert.equal(client.link.failure, undefined);
    });

    it('ends the connection that sends input beyond its credit, says why, and serves other clients', async () => {
      await using started = await start();
      const socket = await connect(started.server.addresses[0]!);
      const frames = socket.frames(messageCodec);
      const hello = { min: 1, max: 1, features: [], software: 'flood' };
      const credit = { stdout: 0, stderr: 0 };
      await socket.sendall(preface);
      await frames.write({ type: 'hello', hello });
      await frames.write({
        type: 'open',
        channel: 1,
        request: { argv: ['sleep', '1000'], stdin: true, credit },
      });
      let pid = 0;
      let last: Message | undefined;
      for await (const message of frames) {
        last = message;
        if (message.type !== 'started') continue;
        pid = message.start.pid;
        void flood(socket, message.start.credit);
      }
      assert.ok(last?.type === 'go-away', last?.type);
      assert.equal(last.goAway.code, 'PROTOCOL');
      assert.match(last.goAway.message, /^\d+ bytes of stdin came where \d+ were allowed$/);
      assert.equal(await guestRuns(started), 'exit');
      await untilGone(pid);
      socket.close();
    });
  });
}

/** Sends a MiB more of input than is allowed, as far as the server reads it. */
async function flood(socket: Awaited<ReturnType<typeof connect>>, credit: number): Promise<void> {
  const message: Message = { type: 'data', channel: 1, stream: 'stdin', bytes: Buffer.alloc(65_536) };
  const frame = Buffer.concat(encodeMessage(message));
  try {
    for (let sent = 0; sent < credit + 1_048_576; sent += 65_536) await socket.sendall(frame);
  } catch {
    // It is refused before it is over.
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamSocket } from 'socketserver';
import { connectTo } from './classic-exchange.ts';
import { RunningProgram } from './running-program.ts';

const picture = 'P5 640 480 255 ';
const answer = '640 by 480 pixels, values up to 255\n';

describe('the crash-proof parser', () => {
  it('describes a picture, and says what is none', async () => {
    await using parser = await startParser();
    assert.equal(await parser.parse(picture), answer);
    assert.equal(await parser.parse('GIF89a'), 'RangeError: this is no PGM picture\n');
  });

  for (const [input, reason] of [
    ['P5 crash', 'was killed by SIGABRT'],
    ['P5 spin', 'was ended because its event loop was blocked'],
  ] as const) {
    it(`closes the connection of one who sends '${input}', and everyone else notices nothing`, async () => {
      await using parser = await startParser();
      await using before = await connectTo(parser.port);
      await before.sendall(picture.slice(0, 5));
      await using attacker = await connectTo(parser.port);
      await attacker.sendall(input);
      attacker.shutdown('write');

      await using meanwhile = await connectTo(parser.port);
      await meanwhile.sendall(picture);
      assert.equal(await restOf(meanwhile), answer);
      assert.equal(await restOf(attacker), '');
      await before.sendall(picture.slice(5));
      assert.equal(await restOf(before), answer);
      assert.equal(await parser.parse(picture), answer);
      await parser.program.stderr.waitFor(new RegExp(`request from 127\\.0\\.0\\.1:\\d+[^]*${reason}`));
    });
  }

  it('goes on after many crashes in a row', async () => {
    await using parser = await startParser();
    for (let count = 0; count < 10; count += 1) {
      assert.equal(await parser.parse('P5 crash'), '');
      assert.equal(await parser.parse(picture), answer);
    }
  });
});

async function startParser() {
  const program = RunningProgram.example('crash-proof-parser.ts', ['127.0.0.1', 0]);
  const [, text] = await program.stdout.waitFor(/parser on 127\.0\.0\.1:(\d+)\n/);
  const port = Number(text);
  return {
    program,
    port,
    parse: async (bytes: string): Promise<string> => {
      await using socket = await connectTo(port);
      await socket.sendall(bytes);
      return await restOf(socket);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Sends the end of the stream, and reads to that of the other side. */
async function restOf(socket: StreamSocket): Promise<string> {
  socket.shutdown('write');
  let text = '';
  for await (const bytes of socket) text += bytes.toString();
  return text;
}

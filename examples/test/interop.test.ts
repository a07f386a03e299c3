import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { printed, startPythonServer, startServer } from './classic-exchange.ts';
import { classicOutputs } from './classic-outputs.ts';
import { RunningProgram } from './running-program.ts';

const clientPath = 'remote-command-client.ts';

describe('the classic exchange between this client and a Python server', () => {
  for (const { title, command, bytes } of classicOutputs) {
    it(`carries ${title}`, async () => {
      const { server, port } = await startPythonServer();
      await using _ = server;
      await using client = RunningProgram.example(clientPath, ['127.0.0.1', port]);
      const { stdout, stderr, code } = await client.finish(`${command}\n`);
      assert.equal(stderr, '');
      assert.ok(stdout === printed(bytes), 'the client prints the size and the text');
      assert.equal(code, 0);
      await server.stdout.waitFor(/ack: receive ok\n/);
    });
  }
});

describe('the classic exchange between a Python client and this server', () => {
  it('carries outputs of every size, byte for byte, over one connection', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = RunningProgram.peer('classic_client.py', ['127.0.0.1', port]);
    const { stdout, stderr, code } = await client.finish(
      classicOutputs.map((o) => `${o.command}\n`).join(''),
    );
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trimEnd().split('\n'), classicOutputs.map(announced));
    assert.equal(code, 0);
    await server.stdout.waitFor(/client 127\.0\.0\.1 is closed!\n/);
    assert.equal(
      server.stdout.text.split('ack from 127.0.0.1: receive ok\n').length - 1,
      classicOutputs.length,
    );
    assert.equal(server.stderr.text, '');
  });
});

describe('the classic exchange between this client and this server', () => {
  it('carries outputs of every size, in the order of the lines', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = RunningProgram.example(clientPath, [port]);
    const { stdout, stderr, code } = await client.finish(
      classicOutputs.map((o) => `${o.command}\n`).join('\n'),
    );
    assert.equal(stderr, '');
    assert.ok(
      stdout === classicOutputs.map((o) => printed(o.bytes)).join(''),
      'the outputs follow each other',
    );
    assert.equal(code, 0);
  });

  it('serves several clients of both kinds at once', async () => {
    const { server, port } = await startServer();
    await using _ = server;
    const commands = [1, 2, 3, 4].map((n) => `seq ${n}00000\n`);
    const bytes = commands.map((_line, index) => Buffer.from(numbersTo((index + 1) * 100_000)));
    await using ours = new AsyncDisposableStack();
    const ends = commands.flatMap((line) => [
      ours.use(RunningProgram.example(clientPath, [port])).finish(line),
      ours.use(RunningProgram.peer('classic_client.py', ['127.0.0.1', port])).finish(line),
    ]);
    const outputs = (await Promise.all(ends)).map((end) => end.stdout);
    const expected = bytes.flatMap((output) => [printed(output), `${announced({ bytes: output })}\n`]);
    assert.ok(outputs.every((output, index) => output === expected[index]));
  });
});

/** What the Python client prints for an output. */
function announced({ bytes }: { bytes: Buffer }): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

function numbersTo(last: number): string {
  return Array.from({ length: last }, (_value, index) => `${index + 1}\n`).join('');
}

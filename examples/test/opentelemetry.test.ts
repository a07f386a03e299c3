import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from 'socketserver';
import { RunningProgram } from './running-program.ts';

interface PrintedSpan {
  readonly name: string;
  readonly id: string;
  readonly traceId: string;
  readonly parentId: string | undefined;
  readonly text: string;
}

/** Reads what the SDK's exporter to the console has printed. */
function spansOf(text: string): PrintedSpan[] {
  return text
    .split(/^(?=\{$)/m)
    .filter((block) => block.startsWith('{'))
    .map((block) => {
      const field = (name: string): string | undefined =>
        new RegExp(`^  ${name}: '(\\w+)'`, 'm').exec(block)?.[1];
      const [, parentId] = /parentSpanContext: \{[^}]*spanId: '(\w+)'/.exec(block) ?? [];
      return { name: field('name')!, id: field('id')!, traceId: field('traceId')!, parentId, text: block };
    });
}

describe('the OpenTelemetry example', { timeout: 60_000 }, () => {
  for (const model of ['serial', 'concurrent', 'threading', 'forking']) {
    it(`makes a span of each request, and the handler's spans its children: ${model}`, async () => {
      await using program = new RunningProgram([
        process.execPath,
        '--import',
        './examples/opentelemetry/setup.ts',
        'examples/opentelemetry.ts',
        '--server',
        model,
        '0',
      ]);
      const [, port] = await program.stdout.waitFor(/traced echo server on 127\.0\.0\.1:(\d+)\n/);
      const clientPort = await talk(Number(port), 'hello\n');
      await program.stdout.waitFor(/name: 'TracedEcho'/);
      await talk(Number(port), 'fail\n');
      await program.stdout.waitFor(/as asked[^]*?\n\}\n/);
      program.kill('SIGTERM');
      const { code, stdout } = await program.ended();
      assert.equal(code, 0);

      const spans = spansOf(stdout);
      assert.deepEqual(
        spans.map(({ name }) => name),
        ['answer', 'TracedEcho', 'answer', 'TracedEcho'],
        stdout,
      );
      const [answer, request, , failed] = spans;
      assert.equal(answer!.parentId, request!.id);
      assert.equal(answer!.traceId, request!.traceId);
      assert.equal(request!.parentId, undefined);
      assert.match(request!.text, /'socketserver.request.id': 1,/);
      assert.match(request!.text, new RegExp(`'client.port': ${clientPort}[,\\n]`));
      assert.match(failed!.text, /'socketserver.request.id': 2,/);
      assert.match(failed!.text, /status: \{ code: 2 \}/);
      assert.notEqual(failed!.traceId, request!.traceId);
    });
  }
});

/** Says a line and waits for the end. @returns the client's port. */
async function talk(port: number, line: string): Promise<number> {
  await using socket = await connect(['127.0.0.1', port]);
  await socket.sendall(line);
  if (line !== 'fail\n') assert.equal((await socket.readline()).toString(), line);
  const [, own] = socket.getsockname() as [string, number];
  socket.shutdown('write');
  await socket.recv(1);
  return own;
}

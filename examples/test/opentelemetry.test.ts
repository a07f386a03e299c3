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
    .filter((block) => /^\{$.*^\}$/ms.test(block))
    .map((block) => {
      const field = (name: string): string | undefined =>
        new RegExp(`^  ${name}: '(\\w+)'`, 'm').exec(block)?.[1];
      const [, parentId] = /parentSpanContext: \{[^}]*spanId: '(\w+)'/.exec(block) ?? [];
      return { name: field('name')!, id: field('id')!, traceId: field('traceId')!, parentId, text: block };
    });
}

describe('the OpenTelemetry example', () => {
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
      await spansPrinted(program, 2);
      await talk(Number(port), 'fail\n');
      await spansPrinted(program, 4);
      program.kill('SIGTERM');
      const { code, stdout } = await program.ended();
      assert.equal(code, 0);

      const spans = spansOf(stdout);
      const [request, failed] = spans.filter(({ name }) => name === 'TracedEcho');
      const [answer, failedAnswer] = spans.filter(({ name }) => name === 'answer');
      assert.equal(spans.length, 4, stdout);
      assert.equal(answer!.parentId, request!.id);
      assert.equal(failedAnswer!.parentId, failed!.id);
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

/** Waits for so many: a handler's are printed by its thread or process, and those of requests by the server, in any order. */
async function spansPrinted(program: RunningProgram, count: number): Promise<void> {
  while (spansOf(program.stdout.text).length < count) await program.stdout.waitFor(/^\}\n/m);
}

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

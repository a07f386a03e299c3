import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTo } from '../classic-exchange.ts';
import { RunningProgram } from '../running-program.ts';

/** What a person may get wrong at the start of an example, and the one line that says so. */
const mistakes: [string, readonly string[], RegExp][] = [
  ['echo.ts', ['127.0.0.1:8888'], /'127\.0\.0\.1:8888' is neither an IP address nor a port/],
  ['echo.ts', ['127.0.0.1', '65536'], /a port is a number from 0 to 65535, and '65536' is none/],
  ['one-request.ts', ['127.0.0.1', '0', 'soon'], /'soon' is no number of seconds above 0/],
  ['redis-ping.ts', ['6379'], /Unexpected argument '6379'/],
  ['redis-ping.ts', ['--port', 'x'], /'x' is none/],
  ['smtp-starttls.ts', [], /--cert and --key must name two files/],
  ['smtp-starttls.ts', ['--cert', 'nowhere.pem', '--key', 'nowhere.pem', '--port', '0'], /ENOENT.*nowhere/],
  ['hash.ts', ['--server', 'parallel'], /'parallel' is none/],
  ['hash.ts', ['--sever', 'serial'], /Unknown option '--sever'/],
];

describe('an example that cannot start', () => {
  for (const [program, args, line] of mistakes) {
    it(`says why in one line: ${program} ${args.join(' ')}`, async () => {
      await using running = RunningProgram.example(program, args);
      const { code, stderr } = await running.finish();
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().includes('\n'), false, stderr);
      assert.equal(code, 1);
    });
  }

  it('says how to choose another port', async () => {
    await using first = RunningProgram.example('echo.ts', [0]);
    const [, port] = await first.stdout.waitFor(/echo server on 127\.0\.0\.1:(\d+)\n/);
    await using second = RunningProgram.example('echo.ts', [port!]);
    const { stderr } = await second.finish();
    assert.match(stderr, /^the port is taken: .+; choose another port \(node examples\/echo\.ts 9999\).+\n$/);
    await using socket = await connectTo(Number(port)); // the first one is as well as before
    await socket.sendall('hello');
    assert.equal((await socket.readExactly(5)).toString(), 'hello');
  });
});

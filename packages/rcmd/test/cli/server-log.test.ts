import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needs } from '../support/needs.ts';
import { Served } from '../support/served.ts';

describe('the log of rcmd serve', () => {
  for (const address of ['a port', 'a Unix socket']) {
    const start = (): Promise<Served> =>
      Served.start(address === 'a port' ? ['--listen', '127.0.0.1:0'] : undefined);

    it(`calls no end a loss that the client meant, on ${address}`, async () => {
      await using served = await start();
      const { machine, host, server } = served;
      const runs: readonly (readonly [readonly string[], string, number])[] = [
        [['exec', host, '--', 'true'], '', 0],
        [['exec', host, '--', 'no-such-program'], '', 127],
        [['shell', host], 'true\n', 0],
        [['status', host], '', 0],
      ];
      for (const [args, input, code] of runs) {
        const ended = await machine.run(args, { input });
        assert.equal(ended.code, code, ended.stderr);
        const [line] = await server.stderr.until(/^.* left: .*\n/m);
        assert.match(line, / left: the client closed it\n$/, args.join(' '));
      }
    });

    it(`calls one a loss that no client meant, on ${address}`, async () => {
      await using served = await start();
      await using client = served.machine.rcmd(['exec', served.host, '--', 'sh', '-c', 'echo up; exec cat']);
      await client.stdout.until('up\n');
      client.kill('SIGKILL');
      const [line] = await served.server.stderr.until(/^.* left: .*\n/m);
      assert.match(line, / left: The connection was lost: /);
    });
  }

  it('calls the end of a prompt no loss that Ctrl-D leaves', needs('python3'), async () => {
    await using served = await Served.start();
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until('>> ');
    shell.write('\u0004');
    const [line] = await served.server.stderr.until(/^.* left: .*\n/m);
    assert.match(line, / left: the client closed it\n$/);
  });

  it('escapes a name once, as what quotes it in an error did', async () => {
    await using served = await Served.start();
    const { stderr } = await served.exec(['--', 'a\u001b[2J\\b']);
    const [line] = await served.server.stderr.until(/may not run .*\n/);
    const quoted = 'there is no program "a\\u001b[2J\\\\b"';
    assert.ok(stderr.startsWith(`rcmd: Nothing was run: ${quoted} in PATH`), stderr);
    assert.ok(line.startsWith(`may not run 'a\\u{1b}[2J\\\\b': ${quoted} in PATH`), line);
    const { stdout } = await served.machine.run(['audit']);
    assert.ok(stdout.includes(`  ${quoted} in PATH`), stdout);
    const piped = await served.machine.run(['shell', '-w', '/no\\where\u001b', served.host], {
      input: 'true\n',
    });
    assert.equal(piped.stderr, 'rcmd: the directory "/no\\\\where\\u001b" does not exist\n');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { Program } from '../support/program.ts';
import { Served } from '../support/served.ts';

/** The Python peers of the example. */
function peer(name: string): string {
  return fileURLToPath(new URL(`../../../../examples/test/peers/${name}`, import.meta.url));
}

const noResults = 'command exec success, but do not have results';

describe('the classic exchange', needs('python3'), () => {
  it('is spoken by rcmd shell --classic with a Python server', async () => {
    using machine = new Machine();
    await using server = new Program(['python3', '-u', peer('classic_server.py')], machine.env);
    const [, port] = await server.stdout.until(/listening on (\d+)\n/);
    const input = 'printf "%s\\n" one two\ntrue\nhead -c 300000 /dev/zero | tr "\\0" x\n';
    const { code, stderr, stdout } = await machine.run(['shell', '--classic', `127.0.0.1:${port}`], {
      input,
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, `one\ntwo\n${noResults}${'x'.repeat(300_000)}`);
    await server.stdout.until(/ack: receive ok/);
  });

  it('is spoken by rcmd serve --insecure-classic with a Python client, and with our own', async () => {
    await using served = await Served.start(['--listen', '127.0.0.1:0', '--insecure-classic', '127.0.0.1:0']);
    const [, address, port] = await served.server.stdout.until(
      /^listening on (127\.0\.0\.1:(\d+)) \(classic\)\n/m,
    );
    await served.server.stderr.until(/WARNING: whoever can connect to .* may run anything/);
    await using client = new Program(
      ['python3', '-u', peer('classic_client.py'), '127.0.0.1', port!],
      served.machine.env,
    );
    const { code, stdout } = await client.finish('echo hi\ntrue\n');
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^3 [0-9a-f]{64}\n${noResults.length} [0-9a-f]{64}\n$`));
    const own = await served.machine.run(['shell', '--classic', address!], { input: 'echo ours\n' });
    assert.deepEqual([own.code, own.stdout], [0, 'ours\n']);
    const input = 'cat <<A; echo ours\necho theirs\n'; // each line by itself, whole or not
    const apart = await served.machine.run(['shell', '--classic', address!], { input });
    assert.equal(apart.code, 0);
    assert.match(apart.stdout, /ours\ntheirs\n$/);
  });

  it('fails with one line where the server speaks something else', async () => {
    await using served = await Served.start(['--listen', '127.0.0.1:0']);
    const { code, stderr } = await served.machine.run(['shell', '--classic', served.host], {
      input: 'echo hi\n',
    });
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: The connection was lost: [^\n]+\n$/);
  });
});

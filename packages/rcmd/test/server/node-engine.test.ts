import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';

const env = { SOCKETSERVER_ENGINE: 'node' };

describe('rcmd serve in threads on the engine of Node', () => {
  it('refuses a port: commands would get the connections of other clients', async () => {
    using machine = new Machine();
    const serve = ['serve', '--server', 'threading', '--listen'];
    const { code, stderr } = await machine.run([...serve, '127.0.0.1:0'], { env });
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: Cannot serve a port in threads: .* or the model forking\n$/);
    const host = `unix:${machine.file('run/s.sock')}`;
    await using server = machine.rcmd([...serve, host], { env });
    await server.stdout.until('listening on');
    const { stdout } = await machine.run(['exec', host, '-s', 'ls /proc/self/fd | tr "\\n" " "']);
    assert.equal(stdout, '0 1 2 3 ');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrentTCPServer, ForkingTCPServer, TCPServer, ThreadingTCPServer } from 'socketserver';
import { ExpectedFailure } from '../../program/run-program.ts';
import { serverArguments } from '../../program/server-arguments.ts';

describe('the arguments of a server', () => {
  it('choose the class of each model', () => {
    const classes = ['serial', 'concurrent', 'threading', 'forking'].map(
      (model) => serverArguments(['--server', model]).Server,
    );
    assert.deepEqual(classes, [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]);
  });

  it('are threading, 127.0.0.1 and 8888 where there are none', () => {
    assert.deepEqual(serverArguments([]), { Server: ThreadingTCPServer, address: ['127.0.0.1', 8888] });
  });

  it('have the address before or after the model', () => {
    const expected = { Server: ForkingTCPServer, address: ['::1', 9999] };
    assert.deepEqual(serverArguments(['--server', 'forking', '::1', '9999']), expected);
    assert.deepEqual(serverArguments(['::1', '9999', '--server=forking']), expected);
  });

  for (const args of [['--server', 'toString'], ['0', 'port'], ['127.0.0.1', 'port'], ['example.com']]) {
    it(`refuse ${args.join(' ')} in one line`, () => {
      assert.throws(() => serverArguments(args), ExpectedFailure);
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, TCPServer } from 'socketserver';
import { RunningProgram } from './running-program.ts';
import { WatchedPipe } from './watched-pipe.ts';

describe('both sides of the remote command exercise', () => {
  it('runs piped lines and prints their outputs, and nothing else, to standard output', async () => {
    await using program = RunningProgram.example('remote-command.ts', [0]);
    const { code, stdout, stderr } = await program.finish('echo hi\necho there\n');
    assert.equal(stdout, '3\nhi\n6\nthere\n');
    assert.match(
      stderr,
      /Server started on 127\.0\.0\.1:\d+, client connected\. Type a command; Ctrl-D leaves\.\n$/,
    );
    assert.equal(code, 0);
  });

  it('says that the port is taken and how to choose another', async () => {
    await using server = new TCPServer(['127.0.0.1', 0], BaseRequestHandler);
    await using program = RunningProgram.example('remote-command.ts', [server.serverAddress[1]]);
    const { code, stdout, stderr } = await program.finish('echo hi\n');
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /the port is taken: .* choose another port \(node examples\/remote-command\.ts 9999\)/,
    );
    assert.equal(code, 1);
  });

  it('has a prompt in a terminal, and leaves no command behind on Ctrl-C', async () => {
    await using pipe = await WatchedPipe.create();
    await using program = typedProgram();
    await program.stdout.waitFor(/Ctrl-D leaves\.\r\n.*>> /);
    program.write('echo hi\r');
    await program.stdout.waitFor(/3\r\nhi\r\n.*>> /);
    program.write(`${pipe.hold('sleep 1000 & sleep 1000')}\r`);
    await pipe.running();
    program.write('\u0003');
    await pipe.released();
    assert.equal((await program.ended()).code, 0);
    assert.doesNotMatch(program.stdout.text, /ack from|is closed/);
  });

  it('leaves no command behind when it is told to end', async () => {
    await using pipe = await WatchedPipe.create();
    await using program = RunningProgram.example('remote-command.ts', [0]);
    program.write(`${pipe.hold('sleep 1000 & sleep 1000')}\n`);
    await pipe.running();
    program.kill('SIGTERM');
    await pipe.released();
    await program.ended();
  });
});

function typedProgram(): RunningProgram {
  return RunningProgram.peer('terminal.py', [process.execPath, 'examples/remote-command.ts', 0]);
}

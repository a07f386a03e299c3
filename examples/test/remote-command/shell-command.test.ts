import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShellCommand } from '../../remote-command/shell-command.ts';
import { WatchedPipe } from '../watched-pipe.ts';

describe('a shell command', () => {
  it('stops collecting when it is killed, and takes everything it started with it', async () => {
    await using pipe = await WatchedPipe.create();
    await using command = await ShellCommand.start(pipe.hold('sleep 60 & sleep 60'));
    const collecting = command.collectOutput();
    await pipe.running();
    command.kill();
    assert.equal((await collecting).length, 0);
    assert.equal(command.state, 'killed');
    await pipe.released();
  });

  it('ends when it is disposed', async () => {
    await using pipe = await WatchedPipe.create();
    {
      await using _ = await ShellCommand.start(pipe.hold('sleep 60'));
      await pipe.running();
    }
    await pipe.released();
  });
});

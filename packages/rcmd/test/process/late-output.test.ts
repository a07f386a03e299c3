import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LateOutput } from '../../src/process/late-output.ts';
import { OutputPipe } from '../../src/process/output-pipe.ts';
import { temporaryFolder } from '../support/commands.ts';

/** A pipe whose reader was told that its command has ended, for the length of a block. */
interface Opened extends Disposable {
  readonly pipe: OutputPipe;
  readonly writeEnd: number;
  /** The command has ended. */
  end(graceMs: number): LateOutput;
}

async function openPipe(): Promise<Opened> {
  using folder = temporaryFolder();
  const path = join(folder.path, 'pipe');
  await once(spawn('mkfifo', [path]), 'exit');
  const pipe = new OutputPipe(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  const writeEnd = openSync(path, constants.O_WRONLY);
  let late: LateOutput | undefined;
  return {
    pipe,
    writeEnd,
    end: (graceMs) => (late = new LateOutput([pipe], graceMs)),
    [Symbol.dispose]: () => {
      late?.close();
      pipe.stop();
      closeSync(writeEnd);
    },
  };
}

/** Holds the event loop up until a timer of so many milliseconds is due. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms * 2);
}

describe('late output', () => {
  it('is not cut off while it lies in the pipe, however late the event loop gets to it', async () => {
    using opened = await openPipe();
    const { pipe, writeEnd } = opened;
    const reading = pipe.read(100);
    const late = opened.end(5);
    writeSync(writeEnd, 'the last words');
    holdUp(5);
    assert.equal(String(await reading), 'the last words');
    assert.equal(late.hasCut, false);
  });

  it('is cut off where nothing is there, and its reader waits', async () => {
    using opened = await openPipe();
    const { pipe } = opened;
    const late = opened.end(5);
    assert.equal(await pipe.read(100), undefined);
    assert.equal(late.hasCut, true);
  });

  it('waits for a reader that takes its time', async () => {
    using opened = await openPipe();
    const { pipe, writeEnd } = opened;
    const late = opened.end(1);
    writeSync(writeEnd, 'the last words');
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(String(await pipe.read(100)), 'the last words');
    assert.equal(await pipe.read(100), undefined);
    assert.equal(late.hasCut, true);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import { closeOnExec, makePipe } from '../lib/index.ts';

/** The descriptors of a program that this process starts. */
function descriptorsOfChild(): string[] {
  return spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout.trim().split('\n');
}

describe('a pipe', () => {
  it('carries bytes from its one end to the other', () => {
    const { readEnd, writeEnd } = makePipe();
    assert.equal(writeSync(writeEnd, 'through'), 7);
    closeSync(writeEnd);
    const buffer = Buffer.alloc(100);
    assert.equal(readSync(readEnd, buffer, 0, 100, null), 7);
    assert.equal(buffer.toString('latin1', 0, 7), 'through');
    assert.equal(readSync(readEnd, buffer, 0, 100, null), 0);
    closeSync(readEnd);
  });

  it('is kept from children, unless it is given to one, which can open it by name', () => {
    const before = descriptorsOfChild();
    const { readEnd, writeEnd } = makePipe();
    assert.deepEqual(descriptorsOfChild(), before);
    const { status } = spawnSync('sh', ['-c', 'echo by name > /dev/stdout'], {
      stdio: ['ignore', writeEnd, 'inherit'],
    });
    assert.equal(status, 0);
    closeSync(writeEnd);
    const buffer = Buffer.alloc(100);
    assert.equal(buffer.toString('latin1', 0, readSync(readEnd, buffer, 0, 100, null)), 'by name\n');
    closeSync(readEnd);
  });
});

describe('closeOnExec()', () => {
  it('says what is no descriptor', () => {
    assert.throws(() => closeOnExec(999_999), { code: 'EBADF', syscall: 'fcntl' });
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { describe, it } from 'node:test';

const repository = resolve(import.meta.dirname, '../../..');
const door = resolve(import.meta.dirname, '../dist/index.js');
const message = /^(?:Uncaught:?\n)?.*socketserver needs Node 24\.20 or newer, this is 20\.20\.2/m;

/** Makes any Node say that it is 20.20.2. */
const pretend = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})";

/** A Node on the PATH that really is too old, as on a machine whose own Node is 20. */
function findOldNode(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'node');
    try {
      accessSync(candidate, constants.X_OK);
    } catch {
      continue; // no node in this folder
    }
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (/^v(1\d|20|22)\./.test(stdout)) return candidate;
  }
  return undefined;
}

describe('an older Node', () => {
  it('is told by the library in one clear line', () => {
    const run = spawnSync(process.execPath, ['--import', pretend, door], { encoding: 'utf8' });
    assert.notEqual(run.status, 0);
    assert.match(run.stderr, message);
    assert.doesNotMatch(run.stderr, /^ {4}at /m, 'no stack');
  });

  it('is told by `npm start` in one clear line', () => {
    const script = join(repository, 'scripts/require-node.js');
    const run = spawnSync(process.execPath, ['--import', pretend, script], { encoding: 'utf8' });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /^socketserver needs Node 24\.20 or newer, this is 20\.20\.2 .*\n$/);
  });

  it('can load the built files far enough to be told', { skip: findOldNode() === undefined }, () => {
    const run = spawnSync(findOldNode()!, [door], { encoding: 'utf8' });
    assert.notEqual(run.status, 0);
    assert.match(run.stderr, /socketserver needs Node 24\.20 or newer, this is \d+\.\d+\.\d+/);
  });
});

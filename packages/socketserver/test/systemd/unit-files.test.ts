import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { after, describe, it } from 'node:test';
import { needs } from '../interop/program.ts';

const page = resolve(import.meta.dirname, '../../../../docs/systemd.md');
const folder = mkdtempSync(join(tmpdir(), 'socketserver-units-'));
after(() => rmSync(folder, { recursive: true }));

/** The units of the page, as files of a folder; with the Node that is here. */
function units(): string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(
    /(?:^`\/etc\/systemd\/system\/(\S+)`\n\n)?^```ini\n([\s\S]*?)^```$/gm,
  );
  return [...blocks].map(([, name = 'reload.service', text = '']) => {
    const file = join(folder, name);
    writeFileSync(file, text.replace('/usr/bin/node', process.execPath));
    return file;
  });
}

function verify(files: readonly string[]): string {
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => !line.endsWith('ignoring: notify-reload')) // before systemd 253
    .filter((line) => line.includes(folder) || /shout|reload|rcmd/.test(line))
    .join('\n');
}

describe('the unit files of docs/systemd.md', needs('systemd-analyze'), () => {
  it('are what systemd takes', () => {
    const files = units();
    assert.equal(files.length, 5);
    assert.equal(verify(files), '');
  });

  it('are really looked at', () => {
    const wrong = join(folder, 'shout-wrong.service');
    writeFileSync(wrong, '[Service]\nExecStart=relative\nWatchdogSek=30\n');
    assert.match(verify([wrong]), /WatchdogSek/);
  });
});

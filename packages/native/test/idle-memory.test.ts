import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const support = (name: string): string => join(import.meta.dirname, 'support', name);

test('a connection that waits for bytes takes less than 256 bytes of native memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'idle-memory-'));
  const library = join(folder, 'counted-memory.so');
  try {
    execFileSync(process.env['CXX'] ?? 'g++', [
      '-shared',
      '-fPIC',
      '-O1',
      '-o',
      library,
      support('counted-memory.cc'),
    ]);
    const env = {
      ...process.env,
      // A sanitizer's own library must come first, and is one of those that are preloaded then.
      LD_PRELOAD: [process.env['LD_PRELOAD'], library].filter((name) => name !== undefined).join(' '),
      COUNTED_MEMORY: join(folder, 'counted'),
    };
    const said = execFileSync(process.execPath, [support('idle-connections.ts'), '400'], {
      env,
      encoding: 'utf8',
    });
    const bytes = Number(said);
    assert.ok(bytes >= 64 && bytes < 256, `${bytes} bytes`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

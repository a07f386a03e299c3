import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../src/client/index.ts';
import { needs } from '../support/needs.ts';
import { Served } from '../support/served.ts';

const mebibyte = 1_048_576;

/** MiB that are read, one a second where that was asked for, else as fast as the other commands let us. */
const seconds = Number(process.env['RCMD_SLOW_READER_SECONDS'] ?? 0);
const steps = seconds === 0 ? 24 : seconds;

/** Bytes of memory of a process: now, and at most since {@link forgetPeak}. [proc_pid_status(5)] */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) * 1_024;
}

/** [proc_pid_clear_refs(5)] */
function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

describe('a client that reads an endless command slowly', needs('yes'), () => {
  it('costs the server less than 16 MiB, and its other commands nothing', async () => {
    await using served = await Served.start();
    const { pid } = served.server;
    await using client = await connect(served.host);
    for (let round = 0; round < 200; round += 1) await client.exec('true');
    await client.exec('head', ['-c', String(8 * mebibyte), '/dev/zero'], { encoding: 'buffer' });
    const before = memoryOf(pid, 'VmRSS');
    forgetPeak(pid);

    await using endless = client.exec('yes', { buffer: false });
    const bytes = endless.stdout.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    for (let step = 1, read = 0; step <= steps; step += 1) {
      while (read < step * mebibyte) read += (await bytes.next()).value!.length;
      const other = await client.exec('head', ['-c', '100000', '/dev/zero']);
      assert.equal(other.stdout.length, 100_000);
      if (seconds > 0) await delay(1_000);
    }

    const grown = memoryOf(pid, 'VmHWM') - before;
    assert.ok(grown < 16 * mebibyte, `the server has grown by ${(grown / mebibyte).toFixed(1)} MiB`);
  });
});

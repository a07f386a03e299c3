import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type Client, connect } from '../../src/client/index.ts';
import { needs } from '../support/needs.ts';
import { firstWindowBytes } from '../../src/link/incoming-stream.ts';
import { startServer } from '../support/servers.ts';
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

    await using idle = await connect(served.host);
    const times = { beside: [] as number[], alone: [] as number[] };
    const runOther = async (where: Client): Promise<number> => {
      const begun = performance.now();
      const other = await where.exec('head', ['-c', '100000', '/dev/zero']);
      assert.equal(other.stdout.length, 100_000);
      return performance.now() - begun;
    };
    await using endless = client.exec('yes', { buffer: false });
    const bytes = endless.stdout.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    for (let step = 1, read = 0; step <= steps; step += 1) {
      while (read < step * mebibyte) read += (await bytes.next()).value!.length;
      times.beside.push(await runOther(client));
      times.alone.push(await runOther(idle));
      if (seconds > 0) await delay(1_000);
    }

    const grown = memoryOf(pid, 'VmHWM') - before;
    assert.ok(grown < 16 * mebibyte, `the server has grown by ${(grown / mebibyte).toFixed(1)} MiB`);
    // Each beside its like, so that what else the machine does weighs on both.
    const median = times.beside.toSorted((one, other) => one - other)[Math.floor(steps / 2)]!;
    const slowest = Math.max(...times.alone);
    assert.ok(median <= 3 * slowest, `${median} ms beside it, ${slowest} ms at most on an idle connection`);
  });
});

describe('a command whose stderr nobody reads', needs('head'), () => {
  it('goes on writing to stdout, and waits with stderr once a window of that is full', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const bytes = 8 * mebibyte;
    const channel = client.link.newChannel();
    const shell = `head -c ${100 * mebibyte} /dev/zero >&2 & head -c ${bytes} /dev/zero; exec >&-; wait`;
    channel.open({ shell, stdin: false });
    const read = { stdout: 0, stderr: 0 };
    for (let piece = await channel.stdout.read(); piece; piece = await channel.stdout.read())
      read.stdout += piece.length;
    assert.equal(read.stdout, bytes);
    while (channel.stderr.bytesReceived < firstWindowBytes) await nextTurn();
    await client.link.ping();
    assert.equal(channel.stderr.bytesReceived, firstWindowBytes);
    while (read.stderr < bytes) read.stderr += (await channel.stderr.read())!.length;
    channel.stderr.stop();
    assert.equal((await channel.ended).exitCode, 0);
  });
});

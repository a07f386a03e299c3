import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Client, connect } from '../../src/client/index.ts';
import { startServer } from '../support/servers.ts';
import { until } from '../../../socketserver/test/support/until.ts';

/** `RCMD_COMMANDS=10000` runs the whole of it. */
const commands = Number(process.env['RCMD_COMMANDS'] ?? 120);

const signals = [
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'ABRT',
  'FPE',
  'SEGV',
  'PIPE',
  'ALRM',
  'TERM',
  'USR1',
  'USR2',
  'BUS',
  'KILL',
  'XCPU',
];

/** A small generator, so that a failure can be repeated by its seed. [mulberry32] */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe('many commands', () => {
  it('end with their own code or signal, and lose none of their last bytes', async () => {
    await using served = await startServer({
      listen: '127.0.0.1:0',
      limits: { opensPerSecond: Infinity },
    });
    await using client = await connect(served.server.addresses[0]!, { configFolder: served.paths.config });
    const seed = Number(process.env['RCMD_SEED'] ?? Date.now() % 1_000_000);
    const next = random(seed);
    let left = commands;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await runOne(client, next, seed);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  });

  it('may sleep at the same time, over ten connections, and leave no descriptor behind', async () => {
    const count = Math.min(1_000, Math.ceil(commands / 3));
    await using served = await startServer({
      listen: '127.0.0.1:0',
      limits: { opensPerSecond: Infinity, maxCommandsPerClient: count },
    });
    const before = readdirSync('/proc/self/fd').length;
    const clients = await Promise.all(
      Array.from({ length: 10 }, () =>
        connect(served.server.addresses[0]!, { configFolder: served.paths.config }),
      ),
    );
    const seconds = count === 1_000 ? 5 : 1;
    const codes = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const sleeping = clients[index % 10]!.sh(`sleep ${seconds}; exit ${index % 256}`, { reject: false });
        return (await sleeping).exitCode;
      }),
    );
    assert.deepEqual(
      codes,
      Array.from({ length: count }, (_, index) => index % 256),
    );
    await Promise.all(clients.map((client) => client.close()));
    await until(async () => (await served.server.status()).connections === 0);
    const after = readdirSync('/proc/self/fd').length;
    assert.ok(after <= before + 32, `${before} descriptors became ${after}`);
  });
});

async function runOne(client: Client, next: (below: number) => number, seed: number): Promise<void> {
  const bytes = next(3) === 0 ? next(200_000) : next(100);
  const signal = next(3) === 0 ? signals[next(signals.length)]! : undefined;
  const code = next(256);
  const end = signal === undefined ? `exit ${code}` : `kill -${signal} $$; sleep 10`;
  const line = `head -c ${bytes} /dev/zero | tr '\\0' x; printf 'last words' ; printf 'and errors' >&2; ${end}`;
  const result = await client.sh(line, { reject: false });
  const about = `seed ${seed}: ${line}`;
  assert.equal(result.stdout.length, bytes + 'last words'.length, about);
  assert.ok(result.stdout.endsWith('last words'), about);
  assert.equal(result.stderr, 'and errors', about);
  const expected = signal === undefined ? [code, undefined] : [undefined, `SIG${signal}`];
  assert.deepEqual([result.exitCode, result.signal], expected, about);
}

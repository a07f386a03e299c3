import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'rcmd';
import type { Stage } from './stage.ts';

/** Something that rcmd must bear, and what came of it. */
export interface Trial {
  readonly title: string;
  readonly aim: string;
  readonly found: string;
  /** What of the aim does not hold; `undefined` where all does. */
  readonly wrong: string | undefined;
}

/** Sizes of the trials. */
export interface TrialSizes {
  readonly sleeps: number;
  readonly commands: number;
  readonly silent: number;
  readonly file: string;
}

export async function runTrials(stage: Stage, sizes: TrialSizes): Promise<Trial[]> {
  return [
    await hashes(stage, sizes.file),
    await sleeps(stage, sizes.sleeps),
    await randomCommands(stage, sizes.commands),
    await silentConnections(stage, sizes.silent),
  ];
}

async function hashes({ client }: Stage, file: string): Promise<Trial> {
  const local = await hashOf(createReadStream(file));
  const down = await hashOf(client.exec('cat', [file], { buffer: false }).stdout);
  const { stdout } = await client.exec('sha256sum', { inputFile: file });
  const isEqual = local === down && stdout.startsWith(local);
  return {
    title: 'SHA-256 of both transfers',
    aim: 'equal',
    found: isEqual ? 'equal' : 'DIFFERENT',
    wrong: isEqual ? undefined : 'bytes were changed on their way',
  };
}

async function sleeps({ address, server }: Stage, count: number): Promise<Trial> {
  const before = residentBytes(server.pid);
  const descriptors = descriptorsOf(server.pid);
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(address)));
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentBytes(server.pid))), 250);
  const codes = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const line = `sleep 5; exit ${index % 256}`;
      return (await clients[index % 10]!.sh(line, { reject: false })).exitCode;
    }),
  );
  clearInterval(watch);
  await Promise.all(clients.map((client) => client.close()));
  await delay(1_000);
  const wrong = codes.filter((code, index) => code !== index % 256).length;
  const growth = Math.round((most - before) / 1_048_576);
  const left = descriptorsOf(server.pid) - descriptors;
  return {
    title: `${count} concurrent \`sleep 5; exit $i\` over 10 connections`,
    aim: 'all codes right; the server grows by less than 250 MiB; descriptors back',
    found: `${wrong} wrong; ${growth} MiB more; ${left} descriptors more after`,
    wrong: problems(
      wrong > 0 && `${wrong} codes are wrong`,
      growth >= 250 && `the server has grown by ${growth} MiB`,
      left > 0 && `${left} descriptors are left`,
    ),
  };
}

async function randomCommands({ client }: Stage, count: number): Promise<Trial> {
  const signals = ['HUP', 'INT', 'TERM', 'KILL', 'USR1', 'SEGV', 'ABRT'];
  let left = count;
  let wrong = 0;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const bytes = Math.floor(Math.random() * 5_000);
      const signal = Math.random() < 0.3 ? signals[bytes % signals.length] : undefined;
      const code = bytes % 256;
      const end = signal === undefined ? `exit ${code}` : `kill -${signal} $$; sleep 9`;
      const line = `head -c ${bytes} /dev/zero; printf end; ${end}`;
      const result = await client.sh(line, { reject: false });
      const isRight =
        result.stdout.length === bytes + 3 &&
        result.stdout.endsWith('end') &&
        (signal === undefined ? result.exitCode === code : result.signal === `SIG${signal}`);
      if (!isRight) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return {
    title: `${count} random commands with codes and signals`,
    aim: 'none wrong, none cut',
    found: `${wrong} wrong`,
    wrong: problems(wrong > 0 && `${wrong} commands ended otherwise, or were cut`),
  };
}

async function silentConnections({ address, client }: Stage, count: number): Promise<Trial> {
  const [host = '', port = ''] = address.split(':');
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    sockets.push(
      connectSocket(Number(port), host)
        .on('error', () => {})
        .resume(),
    );
    if (index % 100 === 99) await delay(20);
  }
  const first = performance.now();
  await client.exec('true');
  const known = Math.round(performance.now() - first);
  const begun = performance.now();
  const fresh = await connect(address, { connectTimeout: 10_000 }).then(
    async (own) => {
      await own.exec('true');
      const ms = Math.round(performance.now() - begun);
      await own.close();
      return ms;
    },
    (error: Error) => error.message,
  );
  for (const socket of sockets) socket.destroy();
  return {
    title: `\`true\` beside ${count} silent connections`,
    aim: 'within 1 s',
    found: `${typeof fresh === 'number' ? `${fresh} ms` : `failed (${fresh})`} with a connection of its own, ${known} ms over one that is open`,
    wrong: problems(
      typeof fresh === 'string' && `a new connection failed: ${fresh}`,
      typeof fresh === 'number' && fresh > 1_000 && `a new connection took ${fresh} ms`,
      known > 1_000 && `an open connection took ${known} ms`,
    ),
  };
}

/** What is wrong, in one line; `undefined` where nothing is. */
function problems(...found: readonly (string | false)[]): string | undefined {
  return found.filter((problem) => problem !== false).join(', ') || undefined;
}

async function hashOf(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of stream) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}

/** Of the process alone: the commands that it runs are not its own. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

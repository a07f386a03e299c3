/**
 * An application with a command endpoint of its own: a server within it that runs commands, and what a client does with it.
 *
 *     node examples/rcmd-embed.ts                      # both in one process, over a Unix socket
 *     node examples/rcmd-embed.ts --serve 127.0.0.1:0  # only the server: for `connect()` in another process of this user
 *
 * Only this user gets in: the socket is in a folder of his own, and over TCP both sides must hold his key.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Client, CommandError, connect, createServer } from 'rcmd';
import { runProgram } from './program/run-program.ts';

/** What one command is good for: an answer, an error that says why, a stream that is read as it comes. */
async function tour(client: Client): Promise<void> {
  const { stdout, durationMs } = await client.exec('uname', ['-s']);
  console.log(`this is ${stdout}, which took ${durationMs.toFixed(1)} ms to find out`);

  try {
    await client.sh`ls ${'/no such folder'}`;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.log(`as expected: ${error.shortMessage}`);
  }

  for await (const line of client.sh('yes "tick" | nl', { buffer: false })) {
    console.log(line.trim().replace('\t', ' '));
    if (line.includes('3')) break; // and `yes` ends
  }

  const sorted = await client.exec('sort', ['-n'], { input: '10\n9\n1\n', lines: true });
  console.log(`sorted there: ${sorted.stdout.join(' ')}`);
}

async function embed(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rcmd-embed-'));
  const paths = {
    config: join(folder, 'config'),
    state: join(folder, 'state'),
    runtime: join(folder, 'run'),
  };
  const socket = `unix:${join(paths.runtime, 'socket')}`;
  try {
    await using server = await createServer({ listen: socket, paths });
    const serving = server.serve();
    const client = await connect(socket);
    await tour(client);
    await client.close();
    await server.close();
    await serving;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function serve(listen: string): Promise<void> {
  await using server = await createServer({ listen });
  const serving = server.serve({ signals: ['SIGINT', 'SIGTERM'] });
  console.log(`serving on ${server.addresses.join(', ')}, key ${server.fingerprint}`); // whoever reads it may send one
  await serving;
}

await runProgram('node examples/rcmd-embed.ts', async () => {
  const { values } = parseArgs({ options: { serve: { type: 'string' } } });
  await (values.serve === undefined ? embed() : serve(values.serve));
});

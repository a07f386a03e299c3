import { spawn, type StdioOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from 'rcmd';
import { ServerProcess, ServerUnavailableError } from '../harness/server-process.ts';
import { connectSSH2, type SSH2Client } from './ssh2-client.ts';
import { type SSHServer, startSSHServer } from './ssh-server.ts';

/** Both servers and their clients, in folders of the run's own. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  readonly address: string;
  readonly server: ServerProcess;
  readonly client: Client;
  readonly ssh: SSHServer | undefined;
  readonly ssh2: SSH2Client | undefined;
  /** Why something is missing. */
  readonly notes: readonly string[];
}

export async function setStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'rcmd-bench-'));
  for (const name of ['CONFIG_HOME', 'STATE_HOME', 'RUNTIME_DIR', 'CACHE_HOME']) {
    const path = join(folder, name.toLowerCase());
    mkdirSync(path, { mode: 0o700 });
    process.env[`XDG_${name}`] = path; // of the servers and the command line too
  }
  const notes: string[] = [];
  const program = join(import.meta.dirname, '../servers/rcmd-serve.ts');
  const server = await ServerProcess.start({ command: [process.execPath, program], ready: 'announces' });
  const client = await connect(server.address);
  const ssh = await orNote(startSSHServer(folder), notes);
  const ssh2 = ssh && (await connectSSH2(ssh));
  if (ssh2 === undefined) notes.push('ssh2 is not installed: run bench/setup.sh');
  return {
    folder,
    address: server.address,
    server,
    client,
    ssh,
    ssh2,
    notes,
    [Symbol.asyncDispose]: async () => {
      ssh2?.[Symbol.dispose]();
      await ssh?.[Symbol.asyncDispose]();
      await client.close();
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a program. @throws where it does not end with 0. */
export async function runProgram(
  [file, ...args]: readonly [string, ...string[]],
  stdio: StdioOptions = 'ignore',
): Promise<void> {
  const child = spawn(file, args, { stdio });
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(code)}`);
}

async function orNote<Value>(starting: Promise<Value>, notes: string[]): Promise<Value | undefined> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error;
    notes.push(error.message);
    return undefined;
  }
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, ServerUnavailableError } from '../harness/server-process.ts';

const program = '/usr/sbin/sshd';

/** An sshd on a loopback port, with keys that live as long as the run, and what its clients need. */
export interface SSHServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** What `ssh` takes before a host's command, for a connection of its own. */
  readonly options: readonly string[];
  /** The same over a connection that is open already. */
  readonly multiplexed: readonly string[];
  readonly process: ServerProcess;
}

/** @throws ServerUnavailableError where OpenSSH is not installed, or does not start. */
export async function startSSHServer(folder: string): Promise<SSHServer> {
  if (!existsSync(program)) throw new ServerUnavailableError(`there is no ${program}: run bench/setup.sh`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }); // which sshd wants from root
  const port = await freePort();
  const keyFile = join(folder, 'client_key');
  for (const path of [keyFile, join(folder, 'host_key')]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  }
  const authorized = join(folder, 'authorized_keys');
  writeFileSync(authorized, readFileSync(`${keyFile}.pub`));
  const configuration = join(folder, 'sshd_config');
  writeFileSync(
    configuration,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host_key')}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      // Debian's bash reads ~/.bashrc for ssh unless it is a shell's shell: that would be the user's cost, not ssh's.
      'SetEnv SHLVL=1',
      'MaxSessions 2000',
      'MaxStartups 2000',
      '',
    ].join('\n'),
  );
  const server = await ServerProcess.start({
    command: [program, '-D', '-e', '-f', configuration],
    ready: port,
  });
  const user = userInfo().username;
  const settings = ['BatchMode=yes', 'LogLevel=ERROR', 'StrictHostKeyChecking=no'];
  const known = `UserKnownHostsFile=${join(folder, 'known_hosts')}`;
  const common = ['-F', 'none', '-i', keyFile, '-p', String(port)];
  for (const setting of [...settings, known]) common.push('-o', setting);
  const control = join(folder, 'control');
  const host = `${user}@127.0.0.1`;
  execFileSync('ssh', [...common, '-M', '-S', control, '-f', '-N', host], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    port,
    user,
    keyFile,
    options: [...common, '-c', 'aes128-gcm@openssh.com', host],
    multiplexed: ['-F', 'none', '-S', control, '-o', 'LogLevel=ERROR', host],
    process: server,
    [Symbol.asyncDispose]: async () => {
      execFileSync('ssh', ['-F', 'none', '-S', control, '-O', 'exit', host], { stdio: 'ignore' });
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A port that was free a moment ago: sshd cannot say which one it got. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

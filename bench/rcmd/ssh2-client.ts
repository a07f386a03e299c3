import { readFileSync } from 'node:fs';
import type { SSHServer } from './ssh-server.ts';

/** The parts of the `ssh2` package that are used here; it brings no types. */
interface SSH2 {
  readonly Client: new () => SSH2Connection;
}

interface SSH2Connection {
  on(event: string, listener: (...args: never[]) => void): this;
  connect(options: object): void;
  setNoDelay(on: boolean): void;
  exec(command: string, started: (error: Error | undefined, channel: SSH2Channel) => void): void;
  end(): void;
}

interface SSH2Channel {
  on(event: string, listener: (code: number) => void): this;
  resume(): this;
  readonly stderr: { resume(): void };
}

/** A connection of the `ssh2` package. */
export interface SSH2Client extends Disposable {
  /** Runs a command whose output nobody wants. Resolves with its exit code. */
  run(command: string): Promise<number>;
}

/** @returns `undefined` where the package is not installed. */
export async function connectSSH2({ port, user, keyFile }: SSHServer): Promise<SSH2Client | undefined> {
  const found = await loadSSH2();
  if (found === undefined) return undefined;
  const connection = new found.Client();
  await new Promise<void>((resolve, reject) => {
    connection.on('ready', () => resolve()).on('error', reject);
    const privateKey = readFileSync(keyFile);
    connection.connect({ host: '127.0.0.1', port, username: user, privateKey });
  });
  connection.setNoDelay(true); // without it, it is 30 times slower
  return {
    run: (command) =>
      new Promise((resolve, reject) => {
        connection.exec(command, (error, channel) => {
          if (error !== undefined) return reject(error);
          channel.on('exit', resolve).resume().stderr.resume();
        });
      }),
    [Symbol.dispose]: () => connection.end(),
  };
}

async function loadSSH2(): Promise<SSH2 | undefined> {
  try {
    const name = 'ssh2'; // a variable, since there are no types to be found
    const { default: module } = (await import(name)) as { default: SSH2 };
    return module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

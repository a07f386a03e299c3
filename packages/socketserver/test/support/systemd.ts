import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Listener } from '../../src/engine/contract/connection.ts';
import type { DatagramPort } from '../../src/engine/contract/datagram-port.ts';
import type { Engine } from '../../src/engine/contract/engine.ts';
import { loadNativeEngine } from '../../src/engine/native-engine.ts';
import type { SocketAddress } from '../../src/index.ts';

const native = loadNativeEngine();
/** Only the native engine's sockets stay unread while nobody asks, as those do that systemd holds. */
export const systemdIsMissing = native instanceof Error ? native.message : false;

/** A socket as systemd holds it for a `.socket` unit: nobody takes anything from it here. */
export class HeldSocket<
  Source extends Listener | DatagramPort = Listener | DatagramPort,
> implements AsyncDisposable {
  /** The name to pass it by. */
  readonly name: string;
  readonly socket: Source;

  private constructor(name: string, socket: Source) {
    this.name = name;
    this.socket = socket;
  }

  static stream(name: string, address: SocketAddress): HeldSocket<Listener> {
    const socket = (native as Engine).bindStream(address, bindOptions);
    socket.listen(1_024);
    return new HeldSocket(name, socket);
  }

  static datagrams(name: string, address: SocketAddress): HeldSocket<DatagramPort> {
    const limits = { maxPacketSize: 1, maxPending: 1, whenFull: 'drop-newest' } as const;
    return new HeldSocket(name, (native as Engine).bindDatagram(address, { ...bindOptions, ...limits }));
  }

  get address(): SocketAddress {
    return this.socket.address;
  }

  get fd(): number {
    return this.socket.fd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket.close();
    if (typeof this.address === 'string' && !this.address.startsWith('\0'))
      rmSync(this.address, { force: true });
  }
}

const bindOptions = { reuseAddress: true, reusePort: false, ipv6Only: false };

/** Where services tell how they are. */
export class NotifyReceiver implements AsyncDisposable {
  readonly #port: DatagramPort;

  /** @param address - a path, or a name that begins with a zero byte. */
  constructor(address: string) {
    const limits = { maxPacketSize: 4_096, maxPending: 1_024, whenFull: 'drop-newest' } as const;
    this.#port = (native as Engine).bindDatagram(address, { ...bindOptions, ...limits });
  }

  /** The next message, as its lines. */
  async next(): Promise<readonly string[]> {
    for (;;) {
      const datagram = this.#port.receive();
      if (datagram !== undefined) return datagram.bytes.toString().split('\n');
      await new Promise<void>((resolve) => this.#port.notify(resolve));
    }
  }

  /** The next message that is about something else than the watchdog. */
  async nextChange(): Promise<readonly string[]> {
    for (;;) {
      const message = await this.next();
      if (message[0] !== 'WATCHDOG=1') return message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port.close();
    const { address } = this.#port;
    if (!(address as string).startsWith('\0')) rmSync(address as string);
  }
}

/** How systemd starts a service. */
export interface ServiceOptions {
  /** Passed as descriptors 3 and so on. */
  readonly sockets?: readonly HeldSocket[];
  /** Beside the variables of sd_listen_fds(3), and over them. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether `LISTEN_PID` is the program's own number. Default: where there are sockets. */
  readonly setsPid?: boolean;
}

/** A program that was started as systemd starts a service. */
export class Service implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly exited: Promise<readonly [status: number | null, signal: NodeJS.Signals | null]>;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  /** @param command - the arguments of node. */
  constructor(
    command: readonly string[],
    { sockets = [], env = {}, setsPid = sockets.length > 0 }: ServiceOptions = {},
  ) {
    const listen =
      sockets.length === 0
        ? {}
        : { LISTEN_FDS: `${sockets.length}`, LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':') };
    // Only the shell knows, before the program runs, which number it will have.
    const setPid = setsPid ? 'LISTEN_PID=$$ ' : '';
    this.process = spawn('sh', ['-c', `${setPid}exec "$@"`, 'sh', process.execPath, ...command], {
      stdio: ['ignore', 'pipe', 'pipe', ...sockets.map(({ fd }) => fd)],
      env: { ...process.env, ...listen, ...env },
      detached: true,
    });
    this.exited = once(this.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
    this.process.stderr!.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
  }

  /** The next line that it prints; throws with what it wrote to stderr where there is none. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the program ended: ${this.#stderr}`);
    return value;
  }

  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Signals its whole process group, as a terminal does at Ctrl-C. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.process.pid!, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.exited;
  }
}

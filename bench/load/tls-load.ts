/**
 * The load for TLS: the same steps and the same line of JSON as the C program, with `node:tls` clients. Only the
 * server's CPU time is the figure, so it does not matter that this side costs more.
 *
 *   node tls-load.ts --port <n> --mode echo|handshake|resume --connections <n> --seconds <s> --warmup <s> --steps
 *
 * `echo` keeps its connections; `handshake` opens one, sends a message, awaits the answer, closes; `resume` the
 * same with the session of the connection before.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    mode: { type: 'string', default: 'echo' },
    connections: { type: 'string', default: '1' },
    size: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '1' },
    warmup: { type: 'string', default: '0' },
    steps: { type: 'boolean', default: false },
  },
});

const message = Buffer.alloc(Number(values.size), 'x');
const slots = Array.from({ length: Number(values.connections) });

class Tally {
  readonly #start = performance.now();
  readonly #until: number;
  readonly #latenciesMs: number[] = [];
  errors = 0;

  constructor(seconds: number) {
    this.#until = this.#start + seconds * 1000;
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  add(latencyMs: number): void {
    this.#latenciesMs.push(latencyMs);
  }

  toJSON(): object {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    const micros = (quantile: number): number =>
      Math.round((sorted[Math.floor(sorted.length * quantile)] ?? 0) * 1000);
    return {
      requests: sorted.length,
      seconds: (performance.now() - this.#start) / 1000,
      errors: this.errors,
      bytes: sorted.length * message.length * 2,
      latencyMicros: { p50: micros(0.5), p99: micros(0.99), p999: micros(0.999) },
    };
  }
}

async function open(session?: Buffer): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(values.port),
    rejectUnauthorized: false,
    ...(session !== undefined && { session }),
  });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

/** Sends the message and resolves when all of it came back. Listeners, not promises a chunk: it is run often. */
function exchange(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const done = (error?: Error): void => {
      socket.off('data', onData).off('error', done).off('end', onEnd);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      if (received >= message.length) done();
    };
    const onEnd = (): void => done(new Error('the server ended the connection'));
    socket.on('data', onData).on('error', done).on('end', onEnd).write(message);
  });
}

async function keepExchanging(socket: TLSSocket, tally: Tally): Promise<void> {
  while (!tally.isOver) {
    const began = performance.now();
    await exchange(socket);
    tally.add(performance.now() - began);
  }
}

async function keepConnecting(resume: boolean, tally: Tally): Promise<void> {
  let session: Buffer | undefined;
  while (!tally.isOver) {
    const began = performance.now();
    const socket = await open(session);
    if (session !== undefined && !socket.isSessionReused()) tally.errors += 1;
    if (resume) socket.once('session', (fresh: Buffer) => (session = fresh));
    await exchange(socket);
    tally.add(performance.now() - began);
    socket.destroySoon();
    await once(socket, 'close');
  }
}

/** Returns what runs one phase of so many seconds. */
async function prepare(): Promise<(seconds: number) => Promise<Tally>> {
  const sockets = values.mode === 'echo' ? await Promise.all(slots.map(() => open())) : [];
  return async (seconds) => {
    const tally = new Tally(seconds);
    const work =
      values.mode === 'echo'
        ? sockets.map((socket) => keepExchanging(socket, tally))
        : slots.map(() => keepConnecting(values.mode === 'resume', tally));
    await Promise.all(work);
    return tally;
  };
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const step = async (): Promise<unknown> => (values.steps ? lines.next() : undefined);

const runPhase = await prepare();
if (Number(values.warmup) > 0) await runPhase(Number(values.warmup));
if (values.steps) console.log('ready');
await step();
console.log(JSON.stringify(await runPhase(Number(values.seconds))));
await step();
process.exit();

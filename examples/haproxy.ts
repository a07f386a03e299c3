/**
 * Two servers behind HAProxy, restarted in turn while clients make requests: none fails, and the handlers see the
 * clients' own addresses. The configuration is `haproxy/haproxy.cfg`, the servers are `haproxy/server.ts`.
 *
 *     node examples/haproxy.ts [seconds]
 *
 * What makes it work: at SIGTERM a server says on its health port that it is going, and takes requests for
 * `lameDuckMs` more; HAProxy looks every 100 ms and sends it nothing new; what it has it finishes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Balancer } from './haproxy/balancer.ts';
import { ChildProgram, freePorts } from './haproxy/child-program.ts';
import { Load } from './haproxy/load.ts';
import { ExpectedFailure, runProgram } from './program/run-program.ts';

const serverProgram = fileURLToPath(new URL('haproxy/server.ts', import.meta.url));

/** One of the two servers; it has the same ports after a restart. */
class Server implements AsyncDisposable {
  readonly name: string;
  readonly #ports: readonly number[];
  #program: ChildProgram | undefined;

  constructor(name: string, ports: readonly number[]) {
    this.name = name;
    this.#ports = ports;
  }

  async start(): Promise<void> {
    this.#program = new ChildProgram([
      process.execPath,
      serverProgram,
      this.name,
      ...this.#ports.map(String),
    ]);
    await this.#program.started();
  }

  async restart(): Promise<void> {
    await this.#program!.end();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }
}

async function main(): Promise<void> {
  const [argument = '8'] = process.argv.slice(2);
  const seconds = Number(argument);
  if (!(seconds > 0))
    throw new ExpectedFailure(`the argument is a number of seconds, and '${argument}' is none`);
  const directory = await mkdtemp(join(tmpdir(), 'haproxy-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  const [clientsPort, onePort, oneHealth, twoPort, twoHealth] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  await using one = new Server('one', [onePort, oneHealth]);
  await using two = new Server('two', [twoPort, twoHealth]);
  await Promise.all([one.start(), two.start()]);
  await using balancer = new Balancer({
    CLIENTS_PORT: String(clientsPort),
    STATS_SOCKET: join(directory, 'stats.sock'),
    ONE_PORT: String(onePort),
    ONE_HEALTH_PORT: String(oneHealth),
    TWO_PORT: String(twoPort),
    TWO_HEALTH_PORT: String(twoHealth),
  });
  await Promise.all([balancer.hasUp('one'), balancer.hasUp('two')]);

  const load = new Load(clientsPort);
  const end = performance.now() + seconds * 1_000;
  let restarts = 0;
  while (performance.now() < end) {
    for (const server of [one, two]) {
      await server.restart();
      await balancer.hasUp(server.name);
      restarts += 1;
    }
  }
  await load.stop();
  report(load, restarts);
}

function report({ requests, failures, answeredBy }: Load, restarts: number): void {
  const shares = [...answeredBy]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => `${count} by ${name}`);
  console.log(
    `${requests} requests (${shares.join(', ')}), ${restarts} restarts, ${failures.length} failures`,
  );
  for (const failure of failures.slice(0, 10)) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

await runProgram('node examples/haproxy.ts', main);

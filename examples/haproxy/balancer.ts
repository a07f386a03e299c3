import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ChildProgram } from './child-program.ts';

const configuration = fileURLToPath(new URL('haproxy.cfg', import.meta.url));

/** What `haproxy.cfg` has from its environment. */
export interface BalancerSettings {
  readonly CLIENTS_PORT: string;
  readonly STATS_SOCKET: string;
  readonly ONE_PORT: string;
  readonly ONE_HEALTH_PORT: string;
  readonly TWO_PORT: string;
  readonly TWO_HEALTH_PORT: string;
}

/** HAProxy, in the foreground. */
export class Balancer implements AsyncDisposable {
  readonly #program: ChildProgram;
  readonly #statsSocket: string;

  constructor(settings: BalancerSettings) {
    this.#program = new ChildProgram(['haproxy', '-db', '-f', configuration], { ...settings });
    this.#statsSocket = settings.STATS_SOCKET;
  }

  /** Waits until HAProxy gives a server connections, because its health is good. */
  async hasUp(server: string): Promise<void> {
    while (!(await this.#isUp(server))) await this.#program.whileItRuns(pause(20));
  }

  async #isUp(server: string): Promise<boolean> {
    const table = await this.#ask('show stat').catch(() => ''); // it is starting
    // The second column is the name, the 18th the status; the health check has run once its column says so.
    const row = table
      .split('\n')
      .map((line) => line.split(','))
      .find(([, name]) => name === server);
    return row?.[17] === 'UP' && row[36] === 'L7OK';
  }

  async #ask(command: string): Promise<string> {
    const socket = connectSocket(this.#statsSocket);
    socket.end(`${command}\n`);
    return text(socket);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const clients = 8;
/** Each connection makes some, as a client's does. */
const requestsPerConnection = 4;
const pauseMs = 5;

/** Clients that make requests at once, each from an address of its own, until they are told to stop. */
export class Load {
  requests = 0;
  /** What went wrong: empty where all is well. */
  readonly failures: string[] = [];
  /** Requests that each server has answered. */
  readonly answeredBy = new Map<string, number>();
  readonly #port: number;
  readonly #ended: Promise<unknown>;
  #isStopped = false;

  constructor(port: number) {
    this.#port = port;
    this.#ended = Promise.all(
      Array.from({ length: clients }, (_, index) => this.#client(`127.0.0.${index + 2}`)),
    );
  }

  /** Lets each client finish what it is at. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }

  async #client(localAddress: string): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#converse(localAddress);
      } catch (error) {
        this.failures.push(String(error));
      }
      await pause(pauseMs);
    }
  }

  async #converse(localAddress: string): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, localAddress });
    await once(socket, 'connect');
    const self = `${localAddress}:${socket.localPort}`;
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    for (let count = 0; count < requestsPerConnection; count += 1) {
      this.requests += 1;
      const request = `request ${this.requests}`;
      socket.write(`${request}\n`);
      const { value: answer = 'the end' } = (await lines.next()) as { readonly value?: string };
      this.#check(answer, `${self} ${request}`);
    }
    socket.end();
    await once(socket, 'close');
  }

  #check(answer: string, expected: string): void {
    const [, server, rest] = /^(\w+) (.*)$/.exec(answer) ?? [];
    if (rest !== expected) throw new Error(`'${answer}' answers '${expected}'`);
    this.answeredBy.set(server!, (this.answeredBy.get(server!) ?? 0) + 1);
  }
}

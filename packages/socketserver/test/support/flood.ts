import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { ThreadingTCPServer } from '../../src/index.ts';
import { borrowersOf } from './borrowers.ts';
import { until } from './until.ts';

/** Clients that a flood has at a time. */
export const clientsAtOnce = 16;

/** Connects, and sends a line. */
export function open({ serverAddress }: ThreadingTCPServer, line: string): Socket {
  const [host, port] = serverAddress;
  const socket = createConnection({ host, port });
  socket.write(`${line}\n`);
  return socket;
}

/** @returns the answer; rejects where the connection failed, or ended without one. */
export async function ask(server: ThreadingTCPServer, line: string): Promise<string> {
  const socket = open(server, line);
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  if (answer === '') throw new Error(`no answer to ${line}`);
  return answer.trim();
}

/** The first bytes of a connection that stays open. */
export async function answerOf(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString().trim();
}

/** Many short requests, one after the other on several connections, until it is told to stop. */
export class Flood {
  readonly answers: string[] = [];
  /** Rejects where a request failed, after which its client sends no more. */
  readonly ended: Promise<unknown>;
  #isOver = false;

  constructor(server: ThreadingTCPServer) {
    const client = async (): Promise<void> => {
      while (!this.#isOver) this.answers.push(await ask(server, 'flood'));
    };
    this.ended = Promise.all(Array.from({ length: clientsAtOnce }, client));
    this.ended.catch(() => {}); // stop() throws it
  }

  /** Waits for so many answers more. */
  async more(count: number): Promise<void> {
    const { length } = this.answers;
    await until(() => this.answers.length >= length + count);
  }

  /** @throws where a request failed. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.ended;
  }
}

/** Lets requests come until threads take clients themselves. */
export async function untilLent(server: ThreadingTCPServer): Promise<Flood> {
  const flood = new Flood(server);
  await until(() => lentTo(server) > 0, 5);
  return flood;
}

/** How many threads take a server's clients themselves. */
export function lentTo(server: ThreadingTCPServer): number {
  return borrowersOf({ fileno: server.fileno() });
}

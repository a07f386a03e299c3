import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ServerStats } from '../../src/index.ts';
import { type Holdings, holdingsOf } from '../support/holdings.ts';

/** What tells the server's process what to do. */
export type ToServer = 'look' | 'stop';

/** What the server's process tells. */
export type FromServer =
  | { readonly type: 'listening'; readonly port: number }
  | {
      readonly type: 'look';
      readonly stats: ServerStats;
      /** Requests that went down with their workers. */
      readonly lost: number;
    };

/** What a server has done, and what it and its workers hold. */
export interface Look {
  readonly stats: ServerStats;
  readonly lost: number;
  readonly holdings: Holdings;
}

/** Clients from here are turned away by `verifyRequest`. */
export const refusedHost = '127.0.0.9';

const program = join(import.meta.dirname, 'programs/soaked-server.ts');

/** Looks until everything has come to rest, at most. */
const mostLooks = 400;
const betweenLooksMs = 25;

/** A server in a process of its own, so that what it holds is its own. */
export class SoakedServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(model: string, engine: string): Promise<SoakedServer> {
    const child = fork(program, [model, engine], { execArgv: ['--expose-gc'], serialization: 'advanced' });
    const [first] = (await once(child, 'message')) as [FromServer & { type: 'listening' }];
    return new SoakedServer(child, first.port);
  }

  async look(): Promise<Look> {
    this.#child.send('look' satisfies ToServer);
    const [{ stats, lost }] = (await once(this.#child, 'message')) as [FromServer & { type: 'look' }];
    return { stats, lost, holdings: holdingsOf(this.#child.pid!) };
  }

  /** Looks until no request runs, every worker is ready, and `isQuiet` says so, or for ten seconds. */
  async settle(isQuiet: (look: Look) => boolean = () => true): Promise<Look> {
    for (let count = 1; ; count += 1) {
      const look = await this.look();
      const { active, workers } = look.stats;
      const isAtRest = active === 0 && workers.every(({ state }) => state === 'ready');
      if ((isAtRest && isQuiet(look)) || count === mostLooks) return look;
      await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.send('stop' satisfies ToServer);
    await exited;
  }
}

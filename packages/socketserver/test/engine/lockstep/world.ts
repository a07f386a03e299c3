import type { SocketAddress } from '../../../src/address/socket-address.ts';
import type { Connection, Listener } from '../../../src/engine/contract/connection.ts';
import { until } from '../../support/until.ts';
import { End, type Outcome, type Ways } from './end.ts';
import type { Place, Step } from './script.ts';

interface Pair {
  readonly ends: readonly [End, End];
  readonly hasEnded: [boolean, boolean];
}

/** Connections of one engine, on which the steps of a script are carried out. */
export class World implements AsyncDisposable {
  readonly #ways: Ways;
  readonly #listener: Listener;
  readonly #pairs = new Map<number, Pair>();

  constructor(ways: Ways, address: SocketAddress) {
    this.#ways = ways;
    this.#listener = ways.engine.bindStream(address, {
      reuseAddress: true,
      reusePort: false,
      ipv6Only: false,
    });
    this.#listener.listen(16);
  }

  /** @returns what both ends were told, where the step is the connection's last. */
  async take(step: Step): Promise<readonly Outcome[] | undefined> {
    if (step.kind === 'open') {
      this.#pairs.set(step.slot, await this.#open(step.moves));
      return undefined;
    }
    const pair = this.#pairs.get(step.slot)!;
    if (step.kind === 'finish') return await this.#finish(step.slot, pair);
    const end = pair.ends[step.side];
    const peer = pair.ends[1 - step.side]!;
    switch (step.kind) {
      case 'write':
        end.write(step.length);
        break;
      case 'pause':
      case 'resume':
        end[step.kind]();
        break;
      case 'endWrite':
        end.endWrite();
        pair.hasEnded[step.side] = true;
        break;
      case 'leave':
        await settle(pair);
        end.leave();
        break;
      case 'handOver':
        await settle(pair);
        await end.handOver(peer, step.length, step.to);
        break;
      case 'close':
        await settle(pair);
        if (step.length > 0) end.write(step.length);
        end.close();
        pair.hasEnded[step.side] = true;
        await until(() => peer.received === end.written && peer.hasEnded);
        if (!pair.hasEnded[1 - step.side]) peer.endWrite();
        return await this.#over(step.slot, pair);
      case 'reset':
        await settle(pair);
        for (const [side, length] of step.pending.entries()) if (length > 0) pair.ends[side]!.write(length);
        end.reset();
        // Who has read the end reads no more, and so is not told: it goes by itself, when the other one has gone.
        await until(() => end.isClosed);
        if (pair.hasEnded[step.side]) peer.reset();
        return await this.#over(step.slot, pair);
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { ends } of this.#pairs.values()) for (const end of ends) end.abandon();
    await this.#listener.close();
  }

  async #open([first, second]: readonly [Place | undefined, Place | undefined]): Promise<Pair> {
    const connecting = this.#ways.engine.connect(this.#listener.address);
    const [near, far] = await Promise.all([connecting, this.#accept()]);
    const ends = [await End.of(this.#ways, near, first), await End.of(this.#ways, far, second)] as const;
    return { ends, hasEnded: [false, false] };
  }

  async #accept(): Promise<Connection> {
    for (;;) {
      const connection = this.#listener.accept();
      if (connection !== undefined) return connection;
      await new Promise<void>((resolve) => this.#listener.notify(resolve));
    }
  }

  async #finish(slot: number, pair: Pair): Promise<readonly Outcome[]> {
    for (const [side, end] of pair.ends.entries()) {
      end.resume();
      if (!pair.hasEnded[side]) end.endWrite();
    }
    return await this.#over(slot, pair);
  }

  async #over(slot: number, { ends }: Pair): Promise<readonly Outcome[]> {
    this.#pairs.delete(slot);
    await until(() => ends.every(({ isClosed }) => isClosed));
    return ends.map((end) => end.outcome());
  }
}

/** Has both ends read until all has come that was sent: what a step does then is no matter of time. */
async function settle({ ends, hasEnded }: Pair): Promise<void> {
  for (const end of ends) end.resume();
  await until(() =>
    ends.every(
      (end, side) => end.received === ends[1 - side]!.written && end.hasEnded === hasEnded[1 - side],
    ),
  );
}

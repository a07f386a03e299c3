import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { DatagramBindOptions, DatagramPort } from '../../src/engine/contract/datagram-port.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { someTurns } from '../support/turns.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';

const options: DatagramBindOptions = {
  reuseAddress: false,
  reusePort: true,
  ipv6Only: false,
  maxPacketSize: 8_192,
  maxPending: 1_024,
  whenFull: 'drop-newest',
};

/** As many as make it certain that the kernel gives some to each socket. */
const crowd = 60;

/** Counts what comes to a port, as long as that is open. */
class Counter {
  count = 0;
  readonly #port: DatagramPort;

  constructor(port: DatagramPort) {
    this.#port = port;
    this.#take();
  }

  #take(): void {
    for (; this.#port.isReady; this.count += 1) this.#port.receive();
    this.#port.notify(() => this.#take());
  }
}

for (const [engineName, choice] of workerEngines) {
  describe(`a socket of the ${engineName} engine that leaves its port to another`, () => {
    for (const [host, target, type] of [
      ['127.0.0.1', '127.0.0.1', 'udp4'],
      ['0.0.0.0', '127.0.0.1', 'udp4'],
      ['::1', '::1', 'udp6'],
      ['::', '::1', 'udp6'],
      ['::', '127.0.0.1', 'udp4'],
    ] as const) {
      it(`gets what has come, and nothing more (bound to ${host}, asked at ${target})`, async () => {
        const engine = chooseEngine(choice);
        const staying = engine.bindDatagram([host, 0], options);
        const port = Number(staying.address[1]);
        const leaving = engine.bindDatagram([host, port], options);
        const clients = Array.from({ length: crowd }, () => new DatagramClient({ type, host: target }));
        const sendAll = () => Promise.all(clients.map((client) => client.send('word', [target, port])));
        try {
          await sendAll();
          leaving.leavePort();
          const [stayed, left] = [new Counter(staying), new Counter(leaving)];
          await until(() => stayed.count + left.count === crowd);
          const before = left.count;
          assert.ok(before > 0);
          await sendAll();
          await until(() => stayed.count + left.count === 2 * crowd);
          await someTurns();
          assert.equal(left.count, before);
        } finally {
          await Promise.all([staying.close(), leaving.close()]);
          for (const client of clients) await client[Symbol.asyncDispose]();
        }
      });
    }
  });
}

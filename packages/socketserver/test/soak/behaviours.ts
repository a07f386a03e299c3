import assert from 'node:assert/strict';
import type { SoakClient } from './soak-client.ts';

/** What a client does, how often among a hundred, and how. */
export interface Behaviour {
  readonly name: string;
  readonly weight: number;
  /** Where it comes from is turned away. */
  readonly isRefused?: boolean;
  /** @throws what the server did wrong. */
  readonly act: (client: SoakClient) => Promise<void> | void;
}

const megabyte = 1_000_000;

export const behaviours: readonly Behaviour[] = [
  {
    name: 'asks once',
    weight: 40,
    act: async (client) => {
      client.send('echo hello\n');
      client.endSending();
      assert.equal((await client.readToEnd()).toString(), 'hello\n');
    },
  },
  {
    name: 'asks ten times',
    weight: 15,
    act: async (client) => {
      for (let count = 0; count < 10; count += 1) {
        client.send(`echo ${count}\n`);
        assert.equal(await client.readLine(), `${count}\n`);
      }
      client.endSending();
      assert.equal((await client.readToEnd()).length, 0);
    },
  },
  {
    name: 'ends its side, then reads',
    weight: 10,
    act: async (client) => {
      client.send('echo many\n'.repeat(1_000));
      client.endSending();
      assert.equal((await client.readToEnd()).toString(), 'many\n'.repeat(1_000));
    },
  },
  {
    name: 'resets after asking',
    weight: 10,
    act: (client) => {
      client.send('echo hello\n');
      client.reset();
    },
  },
  {
    name: 'resets while it is sent to',
    weight: 4,
    act: async (client) => {
      client.send(`send ${megabyte}\n`);
      assert.ok((await client.read()).length > 0);
      client.reset();
    },
  },
  { name: 'goes without a word', weight: 4, act: (client) => client.destroy() },
  {
    name: 'reads slowly',
    weight: 2,
    act: async (client) => {
      client.send(`send ${megabyte}\n`);
      client.endSending();
      assert.equal((await client.readToEnd(1)).length, megabyte);
    },
  },
  {
    name: 'writes slowly',
    weight: 4,
    act: async (client) => {
      await client.drip('echo drip\n');
      assert.equal(await client.readLine(), 'drip\n');
      client.endSending();
      assert.equal((await client.readToEnd()).length, 0);
    },
  },
  {
    name: 'makes the handler throw',
    weight: 7,
    act: async (client) => {
      client.send('nonsense\n');
      client.endSending();
      assert.equal((await client.readToEnd()).length, 0);
    },
  },
  {
    name: 'is turned away',
    weight: 4,
    isRefused: true,
    act: async (client) => {
      assert.equal((await client.readToEnd()).length, 0);
    },
  },
];

/** Takes the worker down, and with it whatever else it serves. */
export const crash: Behaviour = {
  name: 'crashes the worker',
  weight: 0,
  act: async (client) => {
    client.send('crash\n');
    await client.readToEnd();
  },
};

const drawn = behaviours.flatMap((behaviour) => Array.from({ length: behaviour.weight }, () => behaviour));

export function drawBehaviour(): Behaviour {
  return drawn[Math.floor(Math.random() * drawn.length)]!;
}

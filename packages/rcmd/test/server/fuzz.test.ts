/** What a server does with clients that say nearly what they should, before they are anybody: nothing runs, and it goes on. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { until } from '../../../socketserver/test/support/until.ts';
import { preface } from '../../src/protocol/frame.ts';
import { encodeMessage } from '../../src/protocol/message.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { connect as connectTLS } from 'node:tls';
import { portModels } from '../support/port-models.ts';
import { runOverTLS, startServer, type TestServer } from '../support/servers.ts';

// The long form: SOCKETSERVER_FUZZ=100000 node --test packages/rcmd/test/server/fuzz.test.ts
const runs = Number(process.env['SOCKETSERVER_FUZZ'] ?? 500);

/** Connections at a time. */
const width = 16;

const hello = { min: 1, max: 1, features: [], software: 'fuzz' };
const credit = { stdout: 100_000, stderr: 100_000 };
const command = { type: 'open', channel: 1, request: { argv: ['true'], stdin: false, credit } } as const;

/** A client's beginning as it should be: preface, greeting, and a command. */
const rightPreface = preface;
const rightHello = Buffer.concat(encodeMessage({ type: 'hello', hello }));
const rightOpen = Buffer.concat(encodeMessage(command));

/** The beginning of a ClientHello, which is where the server itself looks. [RFC 8446 4.1.2] */
const clientHello = Buffer.from('16030100c8010000c40303' + '5a'.repeat(32) + '20' + 'a5'.repeat(32), 'hex');

let state = 0x2545_f491;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Changes bytes, cuts some out, or says some twice. */
function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let change = random(4); change >= 0; change -= 1) copy[random(copy.length)] = random(256);
  const at = random(copy.length);
  switch (random(4)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(copy.length, at + 1 + random(8)))]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(random(at + 1))]);
    default:
      return copy;
  }
}

/** Says something, and waits until the server has ended the connection. */
function say(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket
      .on('error', () => {}) // it may be reset
      .once('close', () => resolve())
      .resume()
      .end(bytes);
  });
}

/** Has so many clients, a few at a time. */
async function storm(count: number, client: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await client();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

for (const model of portModels) {
  describe(`a ${model} server and what is nearly a client`, () => {
    let started: TestServer;
    let port: number;
    before(async () => {
      started = await startServer({ model, listen: (socket) => ['127.0.0.1:0', `unix:${socket}`] });
      port = Number(started.server.addresses[0]!.split(':')[1]);
    });
    after(() => started[Symbol.asyncDispose]());

    /** Nothing has run, and who may come in is served on both listeners. */
    const isWell = async (): Promise<void> => {
      assert.ok(!started.events.some(({ type }) => type === 'command-started'));
      const identity = await loadIdentity(started.paths.config);
      assert.equal((await runOverTLS(started.server.addresses[0]!, identity)).at(-1)?.type, 'exit');
      await using client = await started.client();
      assert.equal((await client.run({ argv: ['true'] })).end.exitCode, 0);
      // With threads they come by another way than the end did.
      await until(() => started.events.filter(({ type }) => type === 'command-ended').length >= 2);
      assert.equal(started.events.filter(({ type }) => type === 'command-started').length, 2);
      started.events.length = 0;
    };

    it(`runs nothing for ${runs} that do not encrypt`, async () => {
      const beginnings = [Buffer.concat([rightPreface, rightHello, rightOpen]), clientHello];
      await storm(runs, () => say(connect(port, '127.0.0.1'), mutated(beginnings[random(2)]!)));
      await isWell();
    });

    it(`runs nothing for ${Math.ceil(runs / 10)} that encrypt, and have no key`, async () => {
      const beginning = Buffer.concat([rightPreface, rightHello, rightOpen]);
      await storm(Math.ceil(runs / 10), () => {
        const ALPNProtocols = random(2) === 0 ? ['rcmd/1'] : [];
        const options = { host: '127.0.0.1', port, ALPNProtocols, rejectUnauthorized: false };
        return say(connectTLS(options), random(4) === 0 ? beginning : mutated(beginning));
      });
      await isWell();
    });

    it(`runs nothing for ${runs} on the socket whose preface or greeting is wrong`, async () => {
      const path = started.server.addresses[1]!.slice('unix:'.length);
      await storm(runs, () => {
        const isPreface = random(2) === 0;
        const right = isPreface ? rightPreface : rightHello;
        let wrong = mutated(right);
        // A change of the name that it gives itself leaves a greeting right.
        wrong = Buffer.concat([Buffer.of(right[0]! ^ 0xff), wrong.subarray(1)]);
        const parts = isPreface ? [wrong, rightHello] : [rightPreface, wrong];
        return say(connect(path), Buffer.concat([...parts, rightOpen]));
      });
      await isWell();
    });
  });

  it(`a ${model} server does not read a greeting of more than 4 KiB, though it is well formed`, async () => {
    await using started = await startServer({
      model,
      listen: (socket) => ['127.0.0.1:0', `unix:${socket}`],
      admission: { authenticationMs: 600_000 }, // a worker may take long to start
    });
    const port = Number(started.server.addresses[0]!.split(':')[1]);
    const path = started.server.addresses[1]!.slice('unix:'.length);
    const greeting = (bytes: number): Buffer => {
      const features = Array.from({ length: bytes / 10 }, () => '1234567');
      return Buffer.concat(encodeMessage({ type: 'hello', hello: { ...hello, features } }));
    };
    assert.ok(greeting(3_900).length < 4_096 && greeting(4_200).length > 4_096);
    await say(connect(path), Buffer.concat([rightPreface, greeting(4_200), rightOpen]));
    assert.match((await started.refusals(1))[0]!, /a frame may have 4088 bytes, the peer sends a longer one/);
    const record = Buffer.alloc(9 + 4_093);
    record.set([0x16, 3, 1, 0x0f, 0xff, 1, 0, 0x10, 0x01]); // 4,097 bytes of ClientHello
    await say(connect(port, '127.0.0.1'), record);
    assert.match((await started.refusals(2))[1]!, /ClientHello of a sensible length/);
    assert.ok(!started.events.some(({ type }) => type === 'command-started'));

    await say(connect(path), Buffer.concat([rightPreface, greeting(3_900), rightOpen]));
    await started.event('command-started');
  });
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import { stretch } from '../hash.ts';
import { connectTo } from './classic-exchange.ts';
import { RunningProgram } from './running-program.ts';

const bytes = Buffer.alloc(1_000_000, 'a file’s worth of bytes');
const digest = stretch(createHash('sha256').update(bytes).digest()).toString('hex');

describe('the hash example', () => {
  for (const model of ['serial', 'concurrent', 'threading', 'forking']) {
    it(`answers with the digest of what came before the half-close: ${model}`, async () => {
      await using server = await HashServer.start(model);
      assert.equal((await server.hash()).digest, digest);
    });

    it(`ends quietly when it is told to: ${model}`, async () => {
      await using server = await HashServer.start(model);
      await server.hash();
      server.program.kill('SIGTERM');
      const { code, stderr } = await server.program.ended();
      assert.equal(code, 0);
      assert.equal(stderr, '');
    });
  }

  it('computes in the only thread of its process: concurrent', async () => {
    await using server = await HashServer.start('concurrent');
    const makers = new Set((await server.hashAtOnce(8)).map(({ maker }) => maker));
    assert.deepEqual([...makers], [`thread 0 of process ${server.program.pid}`]);
  });

  it(
    'computes in two threads under load, and not in that of the server',
    { skip: availableParallelism() < 2 },
    async () => {
      await using server = await HashServer.start('threading');
      const makers = await server.makersUnderLoad();
      assert.ok(makers.size > 1);
      for (const maker of makers)
        assert.match(maker, new RegExp(`^thread [1-9]\\d* of process ${server.pid}$`));
    },
  );

  it('computes in processes under load, and not in that of the server', async () => {
    await using server = await HashServer.start('forking');
    const makers = await server.makersUnderLoad();
    assert.ok(makers.size > 1);
    assert.ok(!makers.has(`thread 0 of process ${server.pid}`));
  });
});

class HashServer implements AsyncDisposable {
  readonly program: RunningProgram;
  #port = 0;

  private constructor(program: RunningProgram) {
    this.program = program;
  }

  static async start(model: string): Promise<HashServer> {
    const server = new HashServer(RunningProgram.example('hash.ts', ['--server', model, 0]));
    const [, port] = await server.program.stdout.waitFor(/hash server on 127\.0\.0\.1:(\d+)\n/);
    server.#port = Number(port);
    return server;
  }

  get pid(): number {
    return this.program.pid;
  }

  async hash(): Promise<{ readonly digest: string; readonly maker: string }> {
    await using socket = await connectTo(this.#port);
    await socket.sendall(bytes);
    socket.shutdown('write');
    const answer = (await socket.readline()).toString();
    const [, hex = '', maker = ''] = /^([\da-f]{64}) by (.*)\n$/.exec(answer) ?? assert.fail(answer);
    return { digest: hex, maker };
  }

  hashAtOnce(count: number) {
    return Promise.all(Array.from({ length: count }, () => this.hash()));
  }

  /** Who makes digests when eight clients want some; the first ones may come before there is a second worker. */
  async makersUnderLoad(): Promise<Set<string>> {
    const makers = new Set<string>();
    for (let round = 0; round < 100 && makers.size < 2; round += 1)
      for (const { maker } of await this.hashAtOnce(8)) makers.add(maker);
    return makers;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}

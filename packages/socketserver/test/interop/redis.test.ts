import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { needs, Program, run } from './program.ts';

describe('the RESP example', () => {
  let example: Program;
  let port: number;
  before(async () => {
    example = Program.example('redis-ping.ts', '--port', 0);
    port = await example.port();
  });
  after(() => example[Symbol.asyncDispose]());

  const redisCli = async (args: readonly string[], input = '') => {
    const { status, stdout } = await run(['redis-cli', '-p', port, ...args], { input });
    assert.equal(status, 0);
    return stdout;
  };

  it('answers redis-cli', needs('redis-cli'), async () => {
    assert.equal(await redisCli(['ping']), 'PONG\n');
    assert.equal(await redisCli(['echo', 'hello world']), 'hello world\n');
    assert.equal(await redisCli(['get', 'greeting']), '\n');
    assert.equal(await redisCli(['set', 'greeting', 'grüß dich']), 'OK\n');
    assert.equal(await redisCli(['--raw', 'get', 'greeting']), 'grüß dich\n');
    assert.match(await redisCli(['flushall']), /^ERR /);
  });

  it('answers redis-cli that reads its commands from a file', needs('redis-cli'), async () => {
    assert.equal(await redisCli([], 'set key value\nget key\nping\n'), 'OK\nvalue\nPONG\n');
  });

  it('takes thousands of commands at once from redis-cli', needs('redis-cli'), async () => {
    const commands = Array.from(
      { length: 5_000 },
      (_, index) => `SET key${index} ${'v'.repeat(index % 200)}.\r\n`,
    );
    assert.match(await redisCli(['--pipe'], commands.join('')), /errors: 0, replies: 5000\n$/);
    assert.equal(await redisCli(['get', 'key4999']), `${'v'.repeat(199)}.\n`);
  });

  for (const pipeline of [1, 16]) {
    it(`stands redis-benchmark, ${pipeline} at once`, needs('redis-benchmark'), async () => {
      const load = ['-n', 1_000, '-c', 20, '-P', pipeline, '-d', 500, '-t', 'ping,set,get'] as const;
      const { status, stdout } = await run(['redis-benchmark', '-p', port, '-q', '--csv', ...load]);
      assert.equal(status, 0);
      const tests = [...stdout.matchAll(/^"([A-Z_]+)[^"]*","\d/gm)].map(([, name]) => name);
      assert.deepEqual(tests, ['PING_INLINE', 'PING_MBULK', 'SET', 'GET']);
    });
  }
});

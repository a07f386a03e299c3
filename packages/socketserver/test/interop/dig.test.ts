import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { needs, Program, run } from './program.ts';

describe('dig and the DNS example', needs('dig'), () => {
  let example: Program;
  let port: number;
  before(async () => {
    example = Program.example('dns.ts', '127.0.0.1', 0);
    port = await example.port();
  });
  after(() => example[Symbol.asyncDispose]());

  const dig = async (...args: readonly string[]) => {
    const { status, stdout } = await run(['dig', '@127.0.0.1', '-p', port, '+tries=1', '+time=30', ...args]);
    assert.equal(status, 0);
    return stdout;
  };

  for (const transport of ['+notcp', '+tcp']) {
    it(`gets addresses and texts, ${transport}`, async () => {
      assert.equal(await dig(transport, '+short', 'www.example.test', 'A'), '192.0.2.1\n192.0.2.2\n');
      assert.equal(await dig(transport, '+short', 'WWW.Example.Test', 'TXT'), '"hello from socketserver"\n');
    });

    it(`learns that a name is not there, or has no such record, ${transport}`, async () => {
      assert.match(await dig(transport, 'nowhere.test', 'A'), /status: NXDOMAIN/);
      const noAddress = await dig(transport, 'long.example.test', 'A');
      assert.match(noAddress, /status: NOERROR/);
      assert.match(noAddress, /ANSWER: 0/);
    });
  }

  it('asks again over TCP when an answer is cut', async () => {
    const cut = await dig('+ignore', 'long.example.test', 'TXT');
    assert.match(cut, /flags: qr aa tc rd/);
    const whole = await dig('long.example.test', 'TXT');
    assert.match(whole, /ANSWER: 8/);
    assert.match(whole, /\(TCP\)|truncated, retrying/i);
  });

  it('keeps a TCP connection for several questions', async () => {
    const both = await dig('+tcp', '+keepopen', '+short', 'www.example.test', 'A', 'www.example.test', 'TXT');
    assert.equal(both, '192.0.2.1\n192.0.2.2\n"hello from socketserver"\n');
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { needs, Program, run } from './program.ts';

describe('curl and the HTTP example', needs('curl'), () => {
  let example: Program;
  let origin: string;
  before(async () => {
    example = Program.example('http-hello.ts', '127.0.0.1', 0);
    origin = `http://127.0.0.1:${await example.port()}`;
  });
  after(() => example[Symbol.asyncDispose]());

  /** Runs curl, with what it prints about each transfer behind the body. */
  const curl = async (format: string, ...args: readonly string[]) => {
    const command = ['curl', '--silent', '--show-error', '--write-out', format, ...args] as const;
    const { status, stdout, stderr } = await run(command);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout;
  };

  it('fetches several pages over one connection', async () => {
    const output = await curl(
      '%{http_code} %{num_connects}\n',
      `${origin}/`,
      `${origin}/about`,
      `${origin}/no`,
    );
    assert.equal(output, 'hello, world\n200 1\nserved by socketserver\n200 0\nnot found\n404 0\n');
  });

  it('asks for a head only', async () => {
    const output = await curl('', '--head', `${origin}/`);
    assert.match(output, /^HTTP\/1\.1 200 OK\r\n[\s\S]*^Content-Length: 13\r\n[\s\S]*\r\n\r\n$/m);
  });

  it('speaks HTTP/1.0, and sends a body', async () => {
    assert.equal(await curl(' %{http_code}', '--http1.0', `${origin}/`), 'hello, world\n 200');
    assert.equal(await curl(' %{http_code}', '--data', 'a=1&b=2', `${origin}/echo`), 'a=1&b=2 200');
  });

  it('is told what is too much', async () => {
    const field = `X-Long: ${'x'.repeat(10_000)}`;
    assert.match(await curl('%{http_code}', '--header', field, `${origin}/`), /431$/);
    const expecting = ['--header', 'Expect: 100-continue', '--data-binary', 'x'.repeat(70_000)];
    assert.match(await curl('%{http_code}', ...expecting, `${origin}/echo`), /413$/);
    const chunked = ['--header', 'Transfer-Encoding: chunked', '--data', 'hello'];
    assert.match(await curl('%{http_code}', ...chunked, `${origin}/echo`), /501$/);
  });
});

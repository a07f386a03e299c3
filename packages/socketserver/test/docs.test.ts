import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { connect } from '../src/index.ts';

const repository = resolve(import.meta.dirname, '../../..');
/** Inside the package, so that `socketserver` resolves to the built library as it does for a user. */
const folder = resolve(import.meta.dirname, '../build/docs');

interface Example {
  readonly page: string;
  readonly name: string;
  readonly text: string;
}

/** Every fenced block marked `ts`. One marked `ts fragment` is no whole program and is left alone. */
function examplesOf(page: string): Example[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, index) => ({
    page: relative(repository, page),
    name: `${relative(repository, page).replaceAll(/\W/g, '-')}-${index + 1}.ts`,
    text: match[1]!.replaceAll("'127.0.0.1', 8888", "'127.0.0.1', 0"),
  }));
}

const pages = [
  join(repository, 'README.md'),
  ...readdirSync(join(repository, 'docs')).map((name) => join(repository, 'docs', name)),
  ...readdirSync(join(repository, 'packages')).map((name) => join(repository, 'packages', name, 'README.md')),
].filter((page) => page.endsWith('.md') && existsSync(page));

const examples = pages.flatMap(examplesOf);

describe('the examples in the documents', () => {
  before(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of examples) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(repository, 'tsconfig.base.json'),
        compilerOptions: { target: 'esnext', noEmit: true, noUnusedLocals: false },
        include: ['*.ts'],
      }),
    );
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are found', () => {
    assert.ok(examples.some(({ page }) => page === 'README.md'));
  });

  it('fit the types of the library', () => {
    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    try {
      execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    } catch (error) {
      assert.fail((error as { stdout: string }).stdout);
    }
  });

  for (const { page, name } of examples) {
    it(`run: ${name} of ${page}`, async () => {
      const child = spawn(process.execPath, [join(folder, name)], { stdio: ['ignore', 'pipe', 'pipe'] });
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const first: IteratorResult<string | undefined> = await lines.next();
      const address = /waiting for clients on \[ '127\.0\.0\.1', (\d+) \]/.exec(first.value ?? '');
      if (address !== null) {
        await using socket = await connect(['127.0.0.1', Number(address[1])]);
        await socket.sendall('hello\n');
        assert.match((await socket.readline()).toString(), /hello/i);
        child.kill('SIGTERM'); // this one serves for ever
      }
      const [status, signal] = await exited;
      assert.equal(stderr, '');
      if (signal !== 'SIGTERM' || address === null) assert.equal(status, 0);
    });
  }
});

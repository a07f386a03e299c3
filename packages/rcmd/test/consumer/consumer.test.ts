import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Program } from '../support/program.ts';

const repository = resolve(import.meta.dirname, '../../../..');
const installed = join(repository, 'node_modules');

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
}

const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** What a package needs that is not ours, and what that needs. */
function needsOf(folder: string, found = new Set<string>()): Set<string> {
  for (const name of Object.keys(manifestIn(folder).dependencies ?? {})) {
    if (name === 'socketserver' || found.has(name)) continue;
    found.add(name);
    needsOf(join(installed, name), found);
  }
  return found;
}

const program = `
import { connect, createServer, type ServerEvent } from 'rcmd';
import { type CommandResult, connect as connectOnly } from 'rcmd/client';

const [home] = process.argv.slice(2) as [string];
const address = home + '/run/consumer.sock';
const events: ServerEvent['type'][] = [];
await using server = await createServer({
  listen: 'unix:' + address,
  paths: { config: home + '/config', state: home + '/state', runtime: home + '/run' },
  onEvent: ({ type }) => void events.push(type),
});
const serving = server.serve();
for (const open of [connect, connectOnly]) {
  await using client = await open('unix:' + address);
  const result: CommandResult = await client.exec('echo', ['it runs']);
  console.log(result.stdout, result.exitCode);
}
await server.close();
await serving;
console.log(events.filter((type) => type === 'command-ended').length);
`;

describe('the packed rcmd, installed by somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcmd-consumer-'));
  const home = join(folder, 'home');
  const consumer = join(folder, 'consumer');
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`, HOME: home };
  const run = (
    command: string,
    args: readonly string[],
    { cwd = consumer, input = '' }: { cwd?: string; input?: string } = {},
  ) => execFileSync(command, args, { cwd, env, input, encoding: 'utf8', stdio: 'pipe', timeout: 200_000 });
  const command = join(consumer, 'node_modules/.bin/rcmd');
  const rcmd = (args: readonly string[], input?: string) =>
    run(command, args, input === undefined ? {} : { input });

  before(() => {
    for (const path of [home, consumer]) mkdirSync(path, { mode: 0o700 });
    const packages = ['socketserver', 'rcmd'].map((name) => join(repository, 'packages', name));
    for (const source of packages) {
      // Of a copy: packing sets a field of package.json for a while, and other tests may read or pack the same package.
      const cwd = join(folder, basename(source));
      cpSync(source, cwd, { recursive: true, filter: (path) => !/\/(node_modules|test)$/.test(path) });
      run('npm', ['pack', '--pack-destination', folder], { cwd });
    }
    // No registry is asked: what the package needs of others is there already, as it was installed for the repository.
    for (const name of needsOf(packages[1]!)) {
      cpSync(join(installed, name), join(consumer, 'node_modules', name), { recursive: true });
    }
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    writeFileSync(join(consumer, 'program.ts'), program);
    const packed = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    run('npm', [
      'install',
      '--offline',
      '--no-audit',
      '--no-fund',
      ...packed.map((name) => join(folder, name)),
    ]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is a command', () => {
    const { version } = manifestIn(join(repository, 'packages/rcmd'));
    assert.equal(rcmd(['--version']), `${version}\n`);
  });

  it('runs a command on a server, from one file', async () => {
    rmSync(join(consumer, 'node_modules/rcmd/dist/cli/exec.js')); // what the sources would run
    await using server = new Program([command, 'serve', '--listen', '127.0.0.1:0'], env);
    const [, address] = await server.stdout.until(/listening on (\S+)/);
    assert.equal(rcmd(['exec', address!, '--', 'echo', 'it runs']), 'it runs\n');
  });

  it('is a prompt, in a home where nothing is set up', () => {
    assert.equal(rcmd([], 'echo it runs\n'), 'it runs\n');
  });

  it('is a library with two doors, and a server', () => {
    assert.equal(run('node', ['program.ts', home]), 'it runs 0\nit runs 0\n2\n');
  });

  it('has types that fit under nodenext', () => {
    const compilerOptions = {
      module: 'nodenext',
      target: 'esnext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    for (const name of ['@types', 'undici-types']) {
      symlinkSync(join(installed, name), join(consumer, 'node_modules', name));
    }
    assert.equal(run('node', [join(installed, 'typescript/bin/tsc'), '-p', '.']), '');
  });

  it('says which Node it needs', () => {
    assert.equal(manifestIn(join(consumer, 'node_modules/rcmd')).engines?.node, '>=24.20');
  });

  it('shows only its public doors', () => {
    const inside = "import('rcmd/dist/cli/main.cjs').catch(({ code }) => console.log(code))";
    assert.equal(run('node', ['-e', inside]), 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });
});

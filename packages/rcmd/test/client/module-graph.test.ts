import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { software } from '../../src/protocol/software.ts';

const root = join(import.meta.dirname, '../..');

/** What importing the client loads, asked of a process that does just that. */
function modulesOf(entry: string): string[] {
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        console.log(found.url);
        return found;
      },
    });
    await import(${JSON.stringify(entry)});`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return [...new Set(output.trim().split('\n'))];
}

describe('importing what rcmd exec needs', () => {
  it('loads no other command, no client library, and nothing that its connection does not use', () => {
    const modules = modulesOf(join(root, 'src/cli/exec.ts')).filter((url) => url.startsWith('file:'));
    const files = modules.map((url) => url.replace(/^.*\/packages\//, ''));
    assert.ok(files.includes('rcmd/src/link/remote-command.ts'));
    const unwanted =
      /\/(server|prompt|process)\/|client\/client\.ts|cli\/commands\/(?!exec)|proxy-protocol|^native\//;
    assert.deepEqual(
      files.filter((file) => unwanted.test(file)),
      [],
    );
  });
});

describe('importing the client', () => {
  const modules = modulesOf(join(root, 'src/client/index.ts'));

  it('loads nothing of a server, no database, and no package but the library', () => {
    assert.ok(modules.length > 20);
    const own = modules.filter((url) => url.includes('/packages/rcmd/'));
    const folders = new Set(
      own.map((url) => /\/src\/(\w+)\//.exec(url)?.[1]).filter((folder) => folder !== undefined),
    );
    assert.deepEqual([...folders].sort(), ['client', 'link', 'paths', 'protocol', 'trust']);
    const others = modules.filter((url) => url.startsWith('file:') && !own.includes(url));
    assert.deepEqual(
      others.filter((url) => !/\/packages\/(socketserver|native)\/|\/node-gyp-build\//.test(url)),
      [],
    );
    assert.ok(modules.includes('node:tls') && !modules.includes('node:sqlite'));
  });

  it('finds the certificate maker only where a key must be made', () => {
    assert.ok(!modules.some((url) => /x509|reflect-metadata|commander/.test(url)));
    const createCertificate = readFileSync(join(root, 'src/trust/create-certificate.ts'), 'utf8');
    assert.match(createCertificate, /await import\('@peculiar\/x509'\)/);
  });

  it('tells servers the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal(software, `rcmd/${version}`);
  });
});

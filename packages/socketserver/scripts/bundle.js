// Puts the library's two hundred modules into a few files: each worker loads all of them again, and Node takes longer to find
// and link a module than to run it. What several doors need lies in files that they share, so a class is there once.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(folder, 'dist');
const doors = ['index', 'client', 'testing/index'];
const entries = [
  ...doors,
  'engine/contract',
  'require-node',
  'workers/entry/thread',
  'workers/entry/process',
];

const { metafile } = await build({
  entryPoints: entries.map((entry) => join(folder, `src/${entry}.ts`)),
  outdir: dist,
  outbase: join(folder, 'src'),
  chunkNames: 'shared-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  ignoreAnnotations: true, // require-node.ts is imported for what it does
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
});

// esbuild puts shared files first; an old Node shall fail in this one. On the first line, so that the source map stays true.
for (const door of doors) {
  const file = join(dist, `${door}.js`);
  const path = relative(dirname(file), join(dist, 'require-node.js')).replaceAll('\\', '/');
  writeFileSync(
    file,
    `import ${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}; ${readFileSync(file, 'utf8')}`,
  );
}

// esbuild calls a class that refers to itself `_Name` inside, and so would errors and logs. Its option keepNames would wrap every
// function that a connection makes. Columns of a source map are off by one behind such a word, lines are not.
for (const file of Object.keys(metafile.outputs).filter((output) => output.endsWith('.js'))) {
  const code = readFileSync(file, 'utf8');
  const renamed = [...code.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  if (renamed.length === 0) continue;
  writeFileSync(file, code.replaceAll(new RegExp(`\\b_(${renamed.join('|')})\\b`, 'g'), '$1'));
}

// What an earlier build made of sources that are gone. Only then: programs may run meanwhile.
const written = new Set(Object.keys(metafile.outputs).map((file) => relative(dist, resolve(file))));
for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const [, declared] = /^(.*)\.d\.ts(\.map)?$/.exec(file) ?? [];
  const isStale =
    declared === undefined
      ? /\.js(\.map)?$/.test(file) && !written.has(file)
      : !existsSync(join(folder, `src/${declared}.ts`));
  if (isStale) rmSync(join(dist, file));
}

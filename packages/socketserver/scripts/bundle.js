// Puts the library's two hundred modules into a few files: each worker loads all of them again, and Node takes longer to find
// and link a module than to run it. What several doors need lies in files that they share, so a class is there once.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

// What an earlier build made. Only then: programs may run meanwhile.
const written = new Set(Object.keys(metafile.outputs).map((file) => relative(dist, resolve(file))));
for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (/\.js(\.map)?$/.test(file) && !written.has(file)) rmSync(join(dist, file));
}

// Puts what `rcmd exec` and the help of all commands need into one file, which starts in less time than a hundred.
// Whatever else a command loads when it runs stays where it is.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/cli');

/** What a command loads when it runs, and is in the file all the same. */
const wanted = /^(commands\/\w+|exec)\.js$/;

const lateImports = {
  name: 'late imports',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const file = relative(folder, resolve(resolveDir, path)).replaceAll('\\', '/');
      const isOurs = !file.startsWith('../../');
      if (kind !== 'dynamic-import' || !isOurs || wanted.test(file)) return undefined;
      return { path: file.startsWith('.') ? file : `./${file}`, external: true };
    }),
};

const license = readFileSync(fileURLToPath(new URL('LICENSE', import.meta.resolve('commander'))), 'utf8');

await build({
  entryPoints: [join(folder, 'run-program.js')],
  outfile: join(folder, 'rcmd.cjs'),
  bundle: true,
  format: 'cjs', // whose imports of Node's own modules cost a tenth less than those of an ES module
  platform: 'node',
  target: 'node24',
  external: ['@socketserver/native', '@peculiar/x509', 'reflect-metadata'],
  define: { 'import.meta.url': 'ownURL' },
  banner: { js: "const ownURL = require('node:url').pathToFileURL(__filename).href;" },
  footer: { js: `/* commander, which is part of this file:\n${license}*/` },
  sourcemap: true,
  logLevel: 'warning',
  logOverride: { 'ignored-bare-import': 'silent' }, // main.cts has looked at Node's version
  plugins: [lateImports],
});

#!/usr/bin/env node
/** The command `rcmd`; in CommonJS, which starts sooner. */

// Anything but this file may fail to load there.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 20)) {
  process.stderr.write(`rcmd: Node 24.20 or newer is needed, this is ${process.versions.node}\n`);
  process.exit(125);
}

const modules = process.getBuiltinModule('node:module');
const path = process.getBuiltinModule('node:path');

type Program = typeof import('./run-program.ts', { with: { 'resolution-mode': 'import' } });

/** What is built is one file, as far as that goes: a hundred take twice as long to start. [scripts/bundle.js] */
const loadProgram = async (): Promise<Program> =>
  path.extname(__filename) === '.cjs'
    ? (require(path.join(__dirname, 'rcmd.cjs')) as Program)
    : import('./run-program.ts');

const cacheFolder = async (): Promise<string> => {
  const { HOME: home, XDG_CACHE_HOME: cache } = process.env;
  if (cache?.startsWith('/') === true) return cache;
  if (home !== undefined && home !== '') return path.join(home, '.cache');
  const { homeFolder } = await import('../paths/current-user.ts');
  return path.join(homeFolder(), '.cache');
};

const main = async (): Promise<void> => {
  // In a folder of the user's own: what is compiled there is trusted, so nobody else must be able to put it there.
  modules.enableCompileCache(path.join(await cacheFolder(), 'rcmd'));
  const { runProgram } = await loadProgram();
  await runProgram(process.argv.slice(2));
};

void main();

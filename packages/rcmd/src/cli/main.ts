#!/usr/bin/env node
/** The command `rcmd`. */
import * as module from 'node:module';
import { join } from 'node:path';

// Anything but this file may fail to load there; the whole namespace is imported since a missing name would, too.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 20)) {
  process.stderr.write(`rcmd: Node 24.20 or newer is needed, this is ${process.versions.node}\n`);
  process.exit(125);
}

// In a folder of the user's own: what is compiled there is trusted, so nobody else must be able to put it there.
const { homeFolder } = await import('../paths/current-user.ts');
const { XDG_CACHE_HOME: cache } = process.env;
module.enableCompileCache(
  join(cache?.startsWith('/') === true ? cache : join(homeFolder(), '.cache'), 'rcmd'),
);

const { runProgram } = await import('./run-program.ts');
await runProgram(process.argv.slice(2));

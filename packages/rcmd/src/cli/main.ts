#!/usr/bin/env node
/** The command `rcmd`. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// In a folder of the user's own: what is compiled there is trusted, so nobody else must be able to put it there.
const { XDG_CACHE_HOME: cache, HOME: home = homedir() } = process.env;
enableCompileCache(join(cache?.startsWith('/') === true ? cache : join(home, '.cache'), 'rcmd'));

const { runProgram } = await import('./run-program.ts');
await runProgram(process.argv.slice(2));

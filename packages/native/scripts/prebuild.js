// Puts a prebuilt addon into prebuilds/, from where node-gyp-build loads it without a compiler. Arguments are those of
// prebuildify, such as `--arch arm64` with a compiler for that in CC and CXX.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { withNodeHeaders } from './node-headers.js';

const args = ['--napi', '--strip', '--tag-libc', ...process.argv.slice(2)];
process.exitCode = spawnSync('prebuildify', args, { env: withNodeHeaders(), stdio: 'inherit' }).status ?? 1;

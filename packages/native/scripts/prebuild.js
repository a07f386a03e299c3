// Puts prebuilt addons into prebuilds/, from where node-gyp-build loads them without a compiler: for x64 and arm64, or for the
// architectures given. What this machine is not is built by GCC's cross compiler; CC, CXX and STRIP name another one, where
// one architecture is given. It is built beside the addon that is in use here, which stays.
//
//   node scripts/prebuild.js [--out FOLDER] [ARCH...]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withNodeHeaders } from './node-headers.js';

/** What GCC calls each architecture: its tools are `<name>-g++` and so on. */
const targets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals: given } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' } },
});
const out = resolve(values.out ?? folder);
const { CC, CXX, STRIP } = given.length === 1 ? process.env : {};

for (const arch of given.length > 0 ? given : Object.keys(targets)) {
  const target = targets[arch];
  if (target === undefined) {
    throw new Error(`Cannot prebuild: ARCH must be one of ${Object.keys(targets).join(', ')}, got ${arch}`);
  }
  const prefix = arch === process.arch ? '' : `${target}-`;
  const cc = CC ?? `${prefix}gcc`;
  const cxx = CXX ?? `${prefix}g++`;
  const strip = STRIP ?? `${prefix}strip`;
  for (const tool of [cc, cxx, strip]) {
    if (spawnSync(tool, ['--version']).error === undefined) continue;
    const cure = prefix === '' ? 'g++' : `g++-${target.replaceAll('_', '-')}`;
    throw new Error(
      `Cannot prebuild for ${arch}: there is no ${tool}; install ${cure}, or set CC, CXX and STRIP`,
    );
  }
  const build = copyOfSources(arch);
  const { status } = spawnSync(
    'prebuildify',
    ['--napi', '--strip', '--strip-bin', strip, '--tag-libc', '--arch', arch, '--out', out],
    { cwd: build, env: { ...withNodeHeaders(), CC: cc, CXX: cxx }, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`Cannot prebuild for ${arch}: prebuildify failed`);
  rmSync(build, { recursive: true });
}

/**
 * node-gyp builds in build/Release of the folder that it runs in, from where node-gyp-build loads first.
 *
 * @param {string} arch
 */
function copyOfSources(arch) {
  const copy = join(folder, 'build', `prebuild-${arch}`);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ['binding.gyp', 'package.json', 'src']) {
    cpSync(join(folder, name), join(copy, name), { recursive: true });
  }
  return copy;
}

// Puts prebuilt addons into prebuilds/, from where node-gyp-build loads them without a compiler: for x64 and arm64, or for the
// architectures given. What this machine is not is built by GCC's cross compiler; CC, CXX and STRIP name another one, where
// one architecture is given.
//
//   node scripts/prebuild.js [ARCH...]
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { withNodeHeaders } from './node-headers.js';

/** What GCC calls each architecture: its tools are `<name>-g++` and so on. */
const targets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const given = process.argv.slice(2);
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
  const { status } = spawnSync(
    'prebuildify',
    ['--napi', '--strip', '--strip-bin', strip, '--tag-libc', '--arch', arch],
    { env: { ...withNodeHeaders(), CC: cc, CXX: cxx }, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`Cannot prebuild for ${arch}: prebuildify failed`);
}

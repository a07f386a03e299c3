// Builds the addon where no prebuilt one fits.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withNodeHeaders } from './node-headers.js';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));

// An addon that loads is taken for current, however old it is. [node-gyp-build]
const built = join(folder, 'build', 'Release', 'socketserver_native.node');
const builtAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = readdirSync(join(folder, 'src')).map((name) => join('src', name));
if ([...sources, 'binding.gyp'].some((name) => statSync(join(folder, name)).mtimeMs > builtAt)) {
  rmSync(built, { force: true });
}

const { status } = spawnSync('node-gyp-build', { env: withNodeHeaders(), shell: true, stdio: 'inherit' });
if (status !== 0) {
  console.log(
    '@socketserver/native was not built: socketserver runs on the node engine, with the same results',
  );
}

// Builds the addon where no prebuilt one fits.
import { spawnSync } from 'node:child_process';
import { withNodeHeaders } from './node-headers.js';

const { status } = spawnSync('node-gyp-build', { env: withNodeHeaders(), shell: true, stdio: 'inherit' });
if (status !== 0) {
  console.log(
    '@socketserver/native was not built: socketserver runs on the node engine, with the same results',
  );
}

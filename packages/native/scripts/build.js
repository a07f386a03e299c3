// Builds the addon where no prebuilt one fits. Node-API is stable, so the headers of any Node from 20 on serve: those
// on this machine are used before node-gyp would download some.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefixes = [dirname(dirname(process.execPath)), '/usr/local', '/usr'];
const nodedir = process.env.npm_config_nodedir ?? prefixes.find(hasHeaders);
const env = nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
const { status } = spawnSync('node-gyp-build', { env, shell: true, stdio: 'inherit' });
if (status !== 0) {
  console.log(
    '@socketserver/native was not built: socketserver runs on the node engine, with the same results',
  );
}

/** @param {string} prefix */
function hasHeaders(prefix) {
  return ['node_api.h', 'uv.h'].every((name) => existsSync(join(prefix, 'include/node', name)));
}

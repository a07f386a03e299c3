// Finds the headers of Node on this machine. Node-API is stable, so those of any Node from 20 on serve, and node-gyp need
// not download some.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefixes = [dirname(dirname(process.execPath)), '/usr/local', '/usr'];

/** The environment for node-gyp and what starts it: with the headers that are there, if any are. */
export function withNodeHeaders() {
  const nodedir = process.env.npm_config_nodedir ?? prefixes.find(hasHeaders);
  return nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
}

/** @param {string} prefix */
function hasHeaders(prefix) {
  return ['node_api.h', 'uv.h'].every((name) => existsSync(join(prefix, 'include/node', name)));
}

/** A server in a folder of its own: `serve.ts FOLDER MODEL`. Says where it listens. */
import { createServer } from '../../../src/index.ts';
import type { ConcurrencyModel } from '../../../src/server/listeners.ts';
import { testPaths } from '../../support/servers.ts';

const [folder, model] = process.argv.slice(2) as [string, ConcurrencyModel];
const { socket, ...paths } = testPaths(folder);
await using server = await createServer({ listen: `unix:${socket}`, paths, model });
console.log(server.addresses[0]);
await server.serve({ signals: ['SIGTERM', 'SIGINT'] });

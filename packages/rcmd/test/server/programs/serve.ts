/** A server in a folder of its own: `serve.ts FOLDER MODEL`. Says where it listens, for the classic exchange as well. */
import { createServer } from '../../../src/index.ts';
import type { ConcurrencyModel } from '../../../src/server/listeners.ts';
import { testPaths } from '../../support/servers.ts';

const [folder, model] = process.argv.slice(2) as [string, ConcurrencyModel];
const { socket, ...paths } = testPaths(folder);
const classic = { insecure: true, listen: `unix:${socket}.classic` } as const;
await using server = await createServer({ listen: `unix:${socket}`, classic, paths, model });
console.log(server.addresses.join('\n'));
await server.serve({ signals: ['SIGTERM', 'SIGINT'] });

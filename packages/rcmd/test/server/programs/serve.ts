/**
 * A server in a folder of its own: `serve.ts FOLDER MODEL`. Says where it listens, for the classic exchange as well, and which of its
 * connections are over. Commands have ten minutes' grace, also those whose clients cannot ask for it.
 */
import { createServer, type Decision, type Operation } from '../../../src/index.ts';
import type { ConcurrencyModel } from '../../../src/server/listeners.ts';
import { testPaths } from '../../support/servers.ts';

const [folder, model] = process.argv.slice(2) as [string, ConcurrencyModel];
const { socket, ...paths } = testPaths(folder);
const classic = { insecure: true, listen: `unix:${socket}.classic` } as const;
const policy = (operation: Operation): Decision | undefined =>
  'request' in operation
    ? { verdict: 'allow', request: { ...operation.request, graceMs: 600_000 } }
    : undefined;
await using server = await createServer({
  listen: `unix:${socket}`,
  classic,
  paths,
  model,
  policy,
  limits: { maxGraceMs: 600_000 },
  onEvent: ({ type }) => {
    if (type === 'connection-closed') console.log(type);
  },
});
console.log(server.addresses.join('\n'));
await server.serve({ signals: ['SIGTERM', 'SIGINT'] });

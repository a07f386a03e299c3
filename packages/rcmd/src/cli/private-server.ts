import { join } from 'node:path';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import { closeInherited } from '../process/inherited-descriptors.ts';
import { createServer } from '../server/create-server.ts';
import { defaultHost } from './resolve-target.ts';
import { promptOn, sessionConnect, shell } from './shell.ts';

/** Starts a server on a Unix socket that only this user can reach, and the prompt on it; where `RCMD_HOST` names a server, the prompt on that. */
export async function startPrivately(): Promise<void> {
  if (defaultHost() !== undefined) return shell(undefined, {});
  closeInherited();
  const path = join(rcmdPaths().runtime, `private-${process.pid}.sock`);
  await using server = await createServer({ listen: `unix:${path}` });
  const serving = server.serve();
  const place = { kind: 'unix', path } as const;
  const target = { name: 'a private server', address: `unix:${path}`, place, hostKeys: 'strict' } as const;
  await promptOn(sessionConnect(target, {}));
  await server.close();
  await serving;
}

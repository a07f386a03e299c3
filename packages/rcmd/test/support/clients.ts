import assert from 'node:assert/strict';
import { type Client, CommandError, connect } from '../../src/client/index.ts';
import { startServer, type TestServer } from './servers.ts';

/** A server, and a client on its Unix socket. */
export interface ServedClient extends AsyncDisposable {
  readonly server: TestServer;
  readonly client: Client;
}

export async function serveClient(): Promise<ServedClient> {
  const server = await startServer();
  const client = await connect(server.server.addresses[0]!);
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What a command rejects with. */
export async function failureOf(running: PromiseLike<unknown>): Promise<CommandError> {
  try {
    await running;
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the command did not fail' });
}

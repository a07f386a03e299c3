import { createServer } from '../server/create-server.ts';
import type { RcmdServer } from '../server/rcmd-server.ts';
import { print } from '../terminal/print.ts';
import { CliError } from './cli-error.ts';
import type { ServeOptions } from './commands/serve.ts';
import { describeEvent } from './server-log.ts';

/** Runs a server until SIGTERM or SIGINT ends it in good order; the second one ends it at once. */
export async function serve(options: ServeOptions): Promise<void> {
  await using server = await start(options);
  await print(`key ${server.fingerprint}`);
  for (const address of server.addresses) await print(`listening on ${address}`);
  await server.serve({ signals: ['SIGTERM', 'SIGINT'] });
}

async function start({ listen, quiet, server: model }: ServeOptions): Promise<RcmdServer> {
  const onEvent = (event: Parameters<typeof describeEvent>[0]): void => {
    const line = describeEvent(event);
    if (line !== undefined && quiet !== true) process.stderr.write(`${line}\n`);
  };
  try {
    return await createServer({ listen, model, onEvent });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError('USAGE', error.message.replace(/^Cannot createServer: /, ''), { cause: error });
  }
}

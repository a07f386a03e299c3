import { closeInherited } from '../process/inherited-descriptors.ts';
import { createServer } from '../server/create-server.ts';
import type { RcmdServer } from '../server/rcmd-server.ts';
import { systemdSockets } from 'socketserver';
import { print, say } from '../terminal/print.ts';
import { CliError } from './cli-error.ts';
import type { ServeOptions } from './commands/serve.ts';
import { describeEvent } from './server-log.ts';

/** Runs a server until SIGTERM or SIGINT ends it in good order; the second one waits for nobody. */
export async function serve(options: ServeOptions): Promise<void> {
  const passed = systemdSockets();
  const { listen = passed.length > 0 ? ['systemd'] : undefined } = options;
  const isActivated = listen?.some((address) => /^systemd(:|$)/.test(address)) === true;
  closeInherited(isActivated ? passed.map(({ fd }) => fd) : []);
  await using server = await start({ ...options, listen });
  closeInherited(); // what systemd has passed besides
  await print(`key ${server.fingerprint}`);
  const { addresses, classicAddresses } = server;
  for (const address of addresses) {
    await print(`listening on ${address}${classicAddresses.includes(address) ? ' (classic)' : ''}`);
  }
  for (const address of classicAddresses) {
    say(
      `WARNING: whoever can connect to ${address} may run anything: every user, every program, every web page here`,
    );
  }
  await server.serve({ signals: ['SIGTERM', 'SIGINT'] });
}

interface StartOptions extends Omit<ServeOptions, 'listen'> {
  readonly listen: readonly string[] | undefined;
}

/** Where the classic exchange is spoken, if nothing else is said: beside the usual port. */
const classicAddress = '127.0.0.1:8889';

async function start({
  allowUnrecorded,
  insecureClassic,
  listen,
  quiet,
  server: model,
}: StartOptions): Promise<RcmdServer> {
  const onEvent = (event: Parameters<typeof describeEvent>[0]): void => {
    const line = describeEvent(event);
    if (line !== undefined && quiet !== true) process.stderr.write(`${line}\n`);
  };
  try {
    return await createServer({
      listen,
      model,
      onEvent,
      audit: { mustBeWritten: allowUnrecorded !== true },
      classic:
        insecureClassic === undefined
          ? undefined
          : { insecure: true, listen: insecureClassic === true ? classicAddress : insecureClassic },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError('USAGE', error.message.replace(/^Cannot createServer: /, ''), { cause: error });
  }
}

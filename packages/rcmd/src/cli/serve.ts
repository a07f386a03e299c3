import { closeInherited } from '../process/inherited-descriptors.ts';
import { createServer } from '../server/create-server.ts';
import type { RcmdServer } from '../server/rcmd-server.ts';
import { systemdSockets } from 'socketserver';
import { print, say } from '../terminal/print.ts';
import type { ServeOptions } from './commands/serve.ts';
import { explainListening } from './listening-failure.ts';
import { describeEvent } from './server-log.ts';

/** Runs a server until SIGTERM or SIGINT ends it in good order; the second one waits for nobody. */
export async function serve(options: ServeOptions): Promise<void> {
  const { insecureClassic } = options;
  const classic = insecureClassic === true ? classicAddress : insecureClassic;
  const { listen = socketsBeside(classic) } = options;
  const isActivated = [classic, ...(listen ?? [])].some((address) => /^systemd(:|$)/.test(address ?? ''));
  closeInherited(isActivated ? systemdSockets().map(({ fd }) => fd) : []);
  await using server = await start({ ...options, listen, classic });
  closeInherited(); // what systemd has passed besides
  // Signals are taken before anything is said: whoever reads that the server listens may end it at once.
  await Promise.all([server.serve({ signals: ['SIGTERM', 'SIGINT'] }), announce(server)]);
}

/** Says what clients are to know: the server's key, and where it listens. */
async function announce({ addresses, classicAddresses, fingerprint }: RcmdServer): Promise<void> {
  await print(`key ${fingerprint}`);
  for (const address of addresses) {
    await print(`listening on ${address}${classicAddresses.includes(address) ? ' (classic)' : ''}`);
  }
  for (const address of classicAddresses) {
    say(
      `WARNING: whoever can connect to ${address} may run anything: every user, every program, every web page here`,
    );
  }
}

/** Where the classic exchange is spoken, if nothing else is said: beside the usual port. */
const classicAddress = '127.0.0.1:8889';

/** The sockets that systemd has passed, but those of the classic exchange; `undefined` where there are none. */
function socketsBeside(classic: string | undefined): readonly string[] | undefined {
  const names = new Set(systemdSockets().map(({ name }) => `systemd:${name}`));
  if (classic === 'systemd') names.clear();
  else if (classic !== undefined) names.delete(classic);
  return names.size > 0 ? [...names] : undefined;
}

interface StartOptions extends Omit<ServeOptions, 'listen' | 'insecureClassic'> {
  readonly listen: readonly string[] | undefined;
  readonly classic: string | undefined;
}

async function start({
  acceptEnv,
  allowUnrecorded,
  classic,
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
      acceptEnv,
      audit: { mustBeWritten: allowUnrecorded !== true },
      classic: classic === undefined ? undefined : { insecure: true, listen: classic },
    });
  } catch (error) {
    throw explainListening(error);
  }
}

import { connect as openSocket, type StreamSocket } from 'socketserver/client';
import { RcmdError } from '../errors.ts';
import { ClientLink } from '../link/client-link.ts';
import { alpnProtocol } from '../protocol/hello.ts';
import { software } from '../protocol/software.ts';
import { fingerprintOf } from '../trust/fingerprint.ts';
import { type ConnectOptions, type ConnectSettings, resolveConnectOptions } from './connect-options.ts';
import { checkHostKey, HostKeyError, type HostKeyFacts, type HostKeyPolicy } from './host-key.ts';
import { requireOwnSocket } from './socket-path.ts';
import { formatTarget, type Target } from './target.ts';

/** What `connect()` does, for whoever moves the bytes of commands by himself. */
export async function connectLink(place: Target, options: ConnectOptions): Promise<ClientLink> {
  const settings = resolveConnectOptions(options);
  try {
    return await begin(place, settings);
  } catch (error) {
    if (!(error instanceof HostKeyError) || error.code !== 'HOST_KEY_UNKNOWN') throw error;
    if (typeof settings.hostKeys !== 'function') throw error;
    // A person may take longer to answer than a server waits for one who says nothing: so it is another connection that goes on.
    await ask(settings.hostKeys, error);
    settings.knownHosts.add(error.address, error.fingerprint);
    return begin(place, settings);
  }
}

async function ask(
  policy: Extract<HostKeyPolicy, (...args: never) => unknown>,
  { address, fingerprint }: HostKeyFacts,
): Promise<void> {
  const facts = { address, fingerprint };
  if (await policy(facts)) return;
  throw new HostKeyError(
    'HOST_KEY_REFUSED',
    `The server ${address} was refused: its key is ${fingerprint}`,
    facts,
  );
}

async function begin(place: Target, settings: ConnectSettings): Promise<ClientLink> {
  const giveUp = new AbortController();
  const abort = (): void => giveUp.abort(settings.signal?.reason);
  settings.signal?.throwIfAborted();
  settings.signal?.addEventListener('abort', abort);
  const timer = startTimer(settings.connectTimeout, () => giveUp.abort(timeoutError(place, settings)));
  try {
    const socket = await open(place, settings, giveUp.signal);
    const link = new ClientLink(socket, { software, keepAlive: settings.keepAlive });
    await greet(socket, link, giveUp.signal);
    return link;
  } finally {
    clearTimeout(timer);
    settings.signal?.removeEventListener('abort', abort);
  }
}

async function open(place: Target, settings: ConnectSettings, signal: AbortSignal): Promise<StreamSocket> {
  if (place.kind === 'unix') {
    requireOwnSocket(place.path);
    return openSocket(`unix:${place.path}`, { signal });
  }
  const { hostKeys: policy, knownHosts } = settings;
  const { cert, key, fingerprint: own } = await settings.identity();
  const address = formatTarget(place);
  const socket = await openSocket([place.host, place.port], {
    signal,
    engine: 'node', // TLS runs on a socket of Node's in any case, and the native engine takes its time to load
    tls: {
      cert,
      key,
      ca: [], // keys count here, not authorities
      minVersion: 'TLSv1.3',
      alpnProtocols: [alpnProtocol],
      verifyServer: ({ peerCertificate, alpnProtocol: agreed }) => {
        if (peerCertificate === undefined || agreed !== alpnProtocol) {
          throw new RcmdError(
            'PROTOCOL',
            `${address} is no server of rcmd: it does not speak ${alpnProtocol}`,
          );
        }
        checkHostKey({ address, fingerprint: fingerprintOf(peerCertificate) }, { policy, knownHosts, own });
      },
    },
  });
  socket.setNoDelay();
  return socket;
}

/** Begins the conversation, or closes the socket. */
async function greet(socket: StreamSocket, link: ClientLink, signal: AbortSignal): Promise<void> {
  const abort = (): void => socket.reset(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    await link.greet();
  } catch (error) {
    socket.reset();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The longest time that a timer of Node can wait. */
const longestMs = 2 ** 31 - 1;

function startTimer(ms: number, act: () => void): NodeJS.Timeout | undefined {
  return ms === Infinity ? undefined : setTimeout(act, Math.min(ms, longestMs));
}

function timeoutError(place: Target, { connectTimeout }: ConnectSettings): RcmdError {
  const message = `${formatTarget(place)} has not answered within ${connectTimeout} ms`;
  return new RcmdError('CONNECT_TIMEOUT', message);
}

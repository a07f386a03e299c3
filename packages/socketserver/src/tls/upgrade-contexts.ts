import { randomBytes } from 'node:crypto';
import { type ClientTLS, type ClientTLSOptions, resolveClientTLS } from './client-tls-options.ts';
import { createTLSContexts, type TLSContexts } from './tls-contexts.ts';
import { loadTLSMaterial } from './tls-material.ts';
import { checkTLSOptions, type TLSOptions } from './tls-options.ts';

/** By the objects that callers give again for each connection, and as long as they do. */
const serverContexts = new WeakMap<TLSOptions, TLSContexts>();
const clientContexts = new WeakMap<ClientTLSOptions, ClientTLS>();

/**
 * Gives the contexts for an options object, made when it is first seen: reading certificates costs more than a handshake,
 * and only what is kept can resume sessions.
 *
 * @throws as `checkTLSOptions`, `loadTLSMaterial` and `createTLSContexts` do.
 */
export function serverContextsFor(options: TLSOptions, action: string): TLSContexts {
  return remembered(serverContexts, options, () => {
    const checked = checkTLSOptions(options, { action, path: 'options' });
    const material = loadTLSMaterial(checked, { action, path: 'options', ticketKeys: randomBytes(48) });
    return createTLSContexts(material, { action, path: 'options' });
  });
}

/** The same for a client. @throws as `resolveClientTLS` does. */
export function clientContextFor(options: ClientTLSOptions, action: string): ClientTLS {
  return remembered(clientContexts, options, () => resolveClientTLS(options, { action, path: 'options' }));
}

function remembered<Options extends object, Made>(
  known: WeakMap<Options, Made>,
  options: Options,
  make: () => Made,
): Made {
  let made = known.get(options);
  if (made === undefined) {
    made = make();
    known.set(options, made);
  }
  return made;
}

import { BaseServer } from '../server/base-server.ts';
import { DatagramServer } from '../transports/datagram-server.ts';
import { StreamServer } from '../transports/stream-server.ts';

/** Hooks by their names, and the prototypes whose own they are. */
type Homes = Readonly<Record<string, object>>;

/**
 * What is called for each request, and what it is where nobody overrides it.
 *
 * @param model - the prototype of the mixin that hands requests to workers.
 */
function hooksOfRequests(model: object): Homes {
  return {
    verifyRequest: BaseServer.prototype,
    processRequest: model,
    finishRequest: model,
    shutdownRequest: BaseServer.prototype,
    closeRequest: BaseServer.prototype,
  };
}

/** The same of a stream server, with what its loop calls after each. @param model - as of {@link refuseUnseenHooks}. */
export function hooksOfConnections(model: object): Homes {
  return {
    ...hooksOfRequests(model),
    getRequest: StreamServer.prototype,
    closeRequest: StreamServer.prototype,
    runRequest: BaseServer.prototype,
    serviceActions: BaseServer.prototype,
  };
}

/** The name of the first hook that a server has overridden; `undefined` where it has none. */
export function firstOwnHook(server: object, homes: Homes): string | undefined {
  for (const hook in homes) if (Reflect.get(server, hook) !== Reflect.get(homes[hook]!, hook)) return hook;
  return undefined;
}

/**
 * Refuses a server whose workers receive datagrams themselves, and that has hooks of its own which those datagrams
 * would pass by: a rule of admission that holds for some clients only would be a hole.
 *
 * @param model - the prototype of the mixin that hands requests to workers.
 * @throws TypeError
 */
export function refuseUnseenHooks(server: object, model: object): void {
  const hook = firstOwnHook(server, { getRequest: DatagramServer.prototype, ...hooksOfRequests(model) });
  if (hook === undefined) return;
  throw new TypeError(
    `Cannot serve with allowReusePort: ${server.constructor.name}.${hook} must not be overridden, since workers` +
      ' receive on their own sockets and do not call it; leave out allowReusePort, or decide in the handler',
  );
}

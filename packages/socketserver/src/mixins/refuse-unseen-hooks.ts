import { BaseServer } from '../server/base-server.ts';
import { DatagramServer } from '../transports/datagram-server.ts';

/**
 * Refuses a server whose workers receive datagrams themselves, and that has hooks of its own which those datagrams
 * would pass by: a rule of admission that holds for some clients only would be a hole.
 *
 * @param model - the prototype of the mixin that hands requests to workers.
 * @throws TypeError
 */
export function refuseUnseenHooks(server: object, model: object): void {
  const homes = {
    getRequest: DatagramServer.prototype,
    verifyRequest: BaseServer.prototype,
    processRequest: model,
    finishRequest: model,
    shutdownRequest: BaseServer.prototype,
    closeRequest: BaseServer.prototype,
  };
  for (const [hook, home] of Object.entries(homes)) {
    if (Reflect.get(server, hook) === Reflect.get(home, hook)) continue;
    throw new TypeError(
      `Cannot serve with allowReusePort: ${server.constructor.name}.${hook} must not be overridden, since workers` +
        ' receive on their own sockets and do not call it; leave out allowReusePort, or decide in the handler',
    );
  }
}

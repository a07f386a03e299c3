import type { EventChannel } from './event-channel.ts';
import { eventChannels, type EventName, type SocketServerEvents } from './event-map.ts';

/** Functions by the names of the events that they learn of. */
export type EventListeners = {
  readonly [Name in EventName]?: ((event: SocketServerEvents[Name]) => void) | undefined;
};

/**
 * Has functions learn of the events of all servers in this thread: `subscribe()` of `node:diagnostics_channel`, with
 * types and without misspelt names. Requests that workers serve are told of here too; see `docs/observation.md`.
 *
 * A listener is called at once, in the middle of the server's work, so it should be quick. What it throws ends the
 * process as an uncaught exception does. [Node: diagnostics_channel]
 *
 * @returns what ends it: `stop[Symbol.dispose]()`, or `using`.
 * @throws TypeError for a name that no event has, and for a listener that is no function; nothing is listened to then.
 *
 * @example
 * using _ = observe({
 *   'socketserver:worker:lost': ({ worker, error }) => console.error(`worker ${worker} is gone:`, error.message),
 * });
 */
export function observe(listeners: EventListeners): Disposable {
  const pairs = Object.entries(listeners).filter(([, listener]) => listener !== undefined);
  const subscriptions = pairs.map(([name, listener]) => subscription(name, listener));
  for (const { channel, listener } of subscriptions) channel.subscribe(listener);
  return {
    [Symbol.dispose]() {
      for (const { channel, listener } of subscriptions) channel.unsubscribe(listener);
    },
  };
}

interface Subscription {
  readonly channel: EventChannel<unknown>;
  readonly listener: (event: unknown) => void;
}

function subscription(name: string, listener: unknown): Subscription {
  if (!Object.hasOwn(eventChannels, name)) {
    const names = Object.keys(eventChannels).join(', ');
    throw new TypeError(`Cannot observe: listeners must have names of events (${names}), got '${name}'`);
  }
  if (typeof listener !== 'function') {
    throw new TypeError(`Cannot observe: listeners['${name}'] must be a function, got ${typeof listener}`);
  }
  const channel = eventChannels[name as EventName] as EventChannel<unknown>;
  // A function of its own: the same listener may be given twice, and each ends by itself.
  return { channel, listener: (event) => void listener(event) };
}

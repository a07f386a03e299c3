import { channel } from 'node:diagnostics_channel';

/**
 * A channel of `node:diagnostics_channel` whose messages have a type. Who publishes asks {@link hasSubscribers} before
 * anything is made for the event: one that nobody listens to costs that question and no more.
 */
export interface EventChannel<Event> {
  readonly name: string | symbol;
  readonly hasSubscribers: boolean;
  publish(event: Event): void;
  subscribe(listener: (event: Event) => void): void;
  unsubscribe(listener: (event: Event) => void): void;
}

/** @param name - as all of them: `socketserver:`, what it is about, and what happened to that. */
export function eventChannel<Event>(name: `socketserver:${string}:${string}`): EventChannel<Event> {
  return channel(name) as EventChannel<Event>;
}

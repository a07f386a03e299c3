import { tracingChannel } from 'node:diagnostics_channel';
import type { SocketAddress } from '../address/socket-address.ts';
import { requestIdOf } from '../request/request-id.ts';
import type { RequestHandlerClass } from './request-handler.ts';
import type { ServerView } from './server-view.ts';

/** What the subscribers of `tracing:socketserver:handle:*`, and the stores bound there, learn of a handler's run. */
export interface HandleContext {
  /** The number of the request: `request.id`. */
  readonly id: number;
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** The name of the handler's class. */
  readonly handlerName: string;
  /** What the handler serves: its `request`. */
  readonly request: unknown;
  /** What `setup`, `handle` or `finish` threw; there once they did. */
  error?: unknown;
}

/**
 * Traces the run of each handler, from its constructor to the end of `finish`, in the thread or process that runs it:
 * what is bound to its `start` is the handler's asynchronous context.
 *
 * @see Node's `diagnostics_channel.tracingChannel`
 */
export const handleTracing = tracingChannel<unknown, HandleContext>('socketserver:handle');

/** A handler's run, to be traced. */
export interface HandlerRun {
  readonly RequestHandlerClass: RequestHandlerClass<never, never>;
  readonly request: unknown;
  readonly clientAddress: SocketAddress;
  readonly server: ServerView;
}

/** Runs `run` as one traced operation. @returns what it does, once that has settled. */
export function traceHandler(
  { RequestHandlerClass, request, clientAddress, server }: HandlerRun,
  run: () => Promise<void> | void,
): Promise<void> {
  const context: HandleContext = {
    id: requestIdOf(request),
    serverAddress: server.serverAddress,
    clientAddress,
    handlerName: RequestHandlerClass.name,
    request,
  };
  // A handler that throws at once fails as one that throws later: asynchronously, with all five events.
  return handleTracing.tracePromise(async () => run(), context);
}

import type { SocketAddress } from '../address/socket-address.ts';
import type { ServerView } from './server-view.ts';

/** What a server does with its handler objects: one for each request, and these three calls in this order. */
export interface RequestHandler {
  setup(): Promise<void> | void;
  handle(): Promise<void> | void;
  finish(): Promise<void> | void;
}

/** A class that makes handlers for requests of one kind; servers take nothing else. */
export interface RequestHandlerClass<Request, Address extends SocketAddress> {
  /** The module that exports this class under its name: `import.meta.url`. Threads and processes load it. */
  readonly module?: string | undefined;
  readonly name: string;
  new (request: Request, clientAddress: Address, server: ServerView): RequestHandler;
}

import type { SocketAddress } from '../address/socket-address.ts';
import { BaseRequestHandler } from './base-request-handler.ts';
import { handleTracing, traceHandler } from './handle-tracing.ts';
import type { RequestHandler, RequestHandlerClass } from './request-handler.ts';
import type { ServerView } from './server-view.ts';

/**
 * Makes the handler of a request and runs it: `setup`, `handle`, and then `finish` whatever `handle` did. After a failed
 * `setup` neither of the others is called. It is traced where somebody listens: see {@link handleTracing}.
 *
 * @see CPython `BaseRequestHandler.__init__`, which does this in its constructor.
 */
export function runHandler<Request, Address extends SocketAddress>(
  RequestHandlerClass: RequestHandlerClass<Request, Address>,
  request: Request,
  clientAddress: Address,
  server: ServerView,
): Promise<void> | void {
  if (!handleTracing.hasSubscribers) return run(new RequestHandlerClass(request, clientAddress, server));
  return traceHandler({ RequestHandlerClass, request, clientAddress, server }, () =>
    run(new RequestHandlerClass(request, clientAddress, server)),
  );
}

function run(handler: RequestHandler): Promise<void> | void {
  const prepared = handler.setup();
  // With nothing to wait for before and nothing to do after, the handler's own promise is all it takes: an idle
  // connection then holds one suspended function less.
  if (prepared === undefined && handler.finish === BaseRequestHandler.prototype.finish)
    return handler.handle();
  return handleAndFinish(handler, prepared);
}

async function handleAndFinish(handler: RequestHandler, prepared: Promise<void> | void): Promise<void> {
  // Waiting for nothing would cost a datagram's handler a tenth of its time.
  if (prepared !== undefined) await prepared;
  try {
    const handled = handler.handle();
    if (handled !== undefined) await handled;
  } finally {
    const finished = handler.finish();
    if (finished !== undefined) await finished;
  }
}

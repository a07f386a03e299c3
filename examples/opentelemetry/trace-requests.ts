import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { type HandleContext, handleTracing, type SocketAddress } from 'socketserver';

/**
 * Makes a span of each handler's run, and the context of that span the handler's own: spans that the handler begins, and
 * those of libraries that it calls, are its children.
 *
 * @param store - where the active context is.
 */
export function traceRequests(tracer: Tracer, store: AsyncLocalStorage<Context>): void {
  const spans = new WeakMap<HandleContext, Span>();
  handleTracing.start.bindStore(store, (run) => {
    const span = tracer.startSpan(run.handlerName, { kind: SpanKind.SERVER, attributes: attributesOf(run) });
    spans.set(run, span);
    return trace.setSpan(ROOT_CONTEXT, span);
  });
  handleTracing.error.subscribe((run) => {
    const { error } = run as HandleContext;
    const span = spans.get(run as HandleContext);
    span?.recordException(error instanceof Error ? error : String(error));
    span?.setStatus({ code: SpanStatusCode.ERROR });
  });
  handleTracing.asyncEnd.subscribe((run) => spans.get(run as HandleContext)?.end());
}

/** @see https://opentelemetry.io/docs/specs/semconv/general/attributes/ */
function attributesOf({ id, serverAddress, clientAddress }: HandleContext): Attributes {
  return {
    'socketserver.request.id': id,
    'network.transport': typeof serverAddress === 'string' ? 'unix' : 'tcp',
    ...ends('server', serverAddress),
    ...ends('client', clientAddress),
  };
}

function ends(side: 'server' | 'client', address: SocketAddress): Attributes {
  if (typeof address === 'string') return { [`${side}.address`]: address };
  const [host, port] = address;
  return { [`${side}.address`]: host, [`${side}.port`]: port };
}

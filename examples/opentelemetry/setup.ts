/**
 * Sets OpenTelemetry up, in every thread and process that imports it: `node --import ./examples/opentelemetry/setup.ts`.
 * Spans are printed here; put the exporter of your collector in that place.
 */
import { context, trace } from '@opentelemetry/api';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { AsyncContext } from './async-context.ts';
import { traceRequests } from './trace-requests.ts';

const active = new AsyncContext();
context.setGlobalContextManager(active);
const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
trace.setGlobalTracerProvider(provider);
traceRequests(trace.getTracer('socketserver'), active.store);
